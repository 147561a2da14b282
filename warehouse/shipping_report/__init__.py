"""View slice: how much of each product was shipped on each day."""
