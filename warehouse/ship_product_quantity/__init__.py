"""Command: Ship Product Quantity → Product Quantity Shipped. No more than there is."""
