"""What a SKU may look like."""

import unicodedata

from django.urls import register_converter
from django.urls.converters import StringConverter

from cqrs_example.http import BadInput, is_visible, visible

LONGEST = 64
LAST = chr(0x10FFFF)  # behind every SKU


class AnyText(StringConverter):
    """`<sku:sku>` in an address: whatever stands there, for `parse_sku` to say what is wrong."""

    regex = r"[\s\S]+"


register_converter(AnyText, "sku")


def parse_sku(text: str) -> str:
    """The SKU in its one spelling (NFC); raises `BadInput` with what is wrong."""
    sku = visible(text, "SKU", LONGEST)
    if sku in (".", "..") or set(sku) & set("/%"):  # an address would not lead to it
        raise BadInput(
            'The SKU has a "/" or a "%", or is "." or "..":'
            f" it has 1 to {LONGEST} visible characters."
        )
    return sku


def parse_prefix(text: str) -> str:
    """What the SKUs begin with that somebody looks for; may be empty."""
    prefix = unicodedata.normalize("NFC", text.strip())
    if not is_visible(prefix):
        raise BadInput("SKUs have visible characters only: search for some of them.")
    return prefix
