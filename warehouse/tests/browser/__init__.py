"""The warehouse's pages, as people see them."""
