"""Policy: whenever few of a product are left, Notify Low Product Quantity. And its to-do list."""
