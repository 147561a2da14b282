"""What the number of an order may look like."""

import unicodedata

from cqrs_example.http import BadInput
from warehouse.sku import REFUSED

LONGEST = 64
NOT_GIVEN = "not given"


def parse_reference(value: object) -> str:
    """The reference in its one spelling (NFC), `NOT_GIVEN` for none or blank; else `BadInput`."""
    text = value.strip() if isinstance(value, str) else value
    if text in (None, ""):
        return NOT_GIVEN
    reference = unicodedata.normalize("NFC", text) if isinstance(text, str) else ""
    hidden = any(unicodedata.category(character) in REFUSED for character in reference)
    if hidden or not 1 <= len(reference) <= LONGEST:
        raise BadInput(f"The reference must be text of 1 to {LONGEST} visible characters.")
    return reference
