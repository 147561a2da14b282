"""Read model and page: what is low now, since when, and whether somebody was told."""
