"""View: the list of products with the quantity of each."""
