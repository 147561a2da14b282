"""Read model and page: the list of products with the quantity of each."""
