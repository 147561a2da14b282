"""Read model and page: how much of each product was shipped on each day."""
