"""Command: Increase Product Quantity → Product Quantity Increased. New products start at 0."""
