"""Showing what somebody else has written: escaped by the templates, and made visible here."""

from django import template

from ..links import page_of
from ..visible import pretty, visible

register = template.Library()
register.filter("visible", visible)
register.filter("pretty", pretty)
register.filter("page_of", page_of)
