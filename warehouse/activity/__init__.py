"""Page: what happened lately, in the whole warehouse, as sentences; it needs no table."""
