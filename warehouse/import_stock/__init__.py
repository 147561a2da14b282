"""Command slice without a page: `manage.py import_stock FILE.csv` receives what a file lists."""
