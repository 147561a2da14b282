"""The log inspected: read-only pages in Django's admin, for staff."""

VERSION = "2"
