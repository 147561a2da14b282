"""Command slice: receives what a CSV file lists, in the browser or by `manage.py import_stock`."""
