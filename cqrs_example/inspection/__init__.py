"""Read-only pages in Django's admin, and `manage.py events`, for people who look into the log."""

VERSION = "2"
