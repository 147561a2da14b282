"""Policy: whenever a shipment leaves little, Notify Low Product Quantity. And its to-do list."""
