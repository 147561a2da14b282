"""What a SKU may look like."""

import unicodedata

from django.urls import register_converter
from django.urls.converters import StringConverter

from cqrs_example.http import BadInput

LONGEST = 64
# Control, format (such as right-to-left override), surrogate, private use and unassigned
# characters, and separators of lines and paragraphs: what cannot be seen, or forges a log line.
REFUSED = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


class AnyText(StringConverter):
    """`<sku:sku>` in an address: whatever stands there, for `parse_sku` to say what is wrong."""

    regex = r"[\s\S]+"


register_converter(AnyText, "sku")


def parse_sku(text: str) -> str:
    """The SKU in its one spelling (NFC); raises `BadInput` with what is wrong."""
    sku = unicodedata.normalize("NFC", text)
    if problem := _problem(sku):
        raise BadInput(f"The SKU {problem}: it has 1 to {LONGEST} visible characters.")
    return sku


def parse_prefix(text: str) -> str:
    """What the SKUs begin with that somebody looks for; may be empty."""
    prefix = unicodedata.normalize("NFC", text.strip())
    if any(unicodedata.category(character) in REFUSED for character in prefix):
        raise BadInput("SKUs have visible characters only: search for some of them.")
    return prefix


def _problem(sku: str) -> str | None:
    if not 1 <= len(sku) <= LONGEST:
        return f"has {len(sku)} characters"
    if sku != sku.strip():
        return "begins or ends with a space"
    if sku in (".", "..") or set(sku) & set("/%"):
        return 'has a "/" or a "%", or is "." or ".."'
    if any(unicodedata.category(character) in REFUSED for character in sku):
        return "has a character that cannot be seen"
    return None
