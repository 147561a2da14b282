"""Command: Count Product Quantity → Product Quantity Counted. What is there is what was counted."""
