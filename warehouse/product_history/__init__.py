"""Page: one product, told by its stream; it needs no table."""
