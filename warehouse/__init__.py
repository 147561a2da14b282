"""The warehouse: products, each with a quantity that is received and shipped.

One folder is one column of the event model and one Django app. Slices know the event contracts
(`events.py`) and what a SKU looks like (`sku.py`), and nothing of one another: what a slice offers
to others is the events that it records and the names of its addresses.
"""
