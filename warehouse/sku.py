"""The rules for SKUs."""

import unicodedata

from django.urls import register_converter
from django.urls.converters import StringConverter

from cqrs_example.http import BadInput, is_visible, visible

LONGEST = 64
LAST = chr(0x10FFFF)  # sorts after every SKU


class AnyText(StringConverter):
    """`<sku:sku>` in an address. It matches any text, so that `parse_sku` can say what is wrong."""

    regex = r"[\s\S]+"


register_converter(AnyText, "sku")


def parse_sku(text: str) -> str:
    """The SKU in Unicode's form NFC; raises `BadInput` for a text that is no SKU."""
    sku = visible(text, "SKU", LONGEST)
    if sku in (".", "..") or set(sku) & set("/%"):  # no address could lead to it
        raise BadInput(
            'The SKU has a "/" or a "%", or is "." or "..":'
            f" it has 1 to {LONGEST} visible characters."
        )
    return sku


def parse_prefix(text: str) -> str:
    """The beginning of the SKUs that somebody looks for; it may be empty."""
    prefix = unicodedata.normalize("NFC", text.strip())
    if not is_visible(prefix):
        raise BadInput("SKUs have visible characters only: search for some of them.")
    return prefix
