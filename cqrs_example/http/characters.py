"""One rule for text that people and programs send: all of it can be seen, and it has one spelling.

Names that look the same must be the same: what is recorded under one that nobody can tell from
another is not found again. A character that is not drawn is refused, and not taken out: the
sender is told, and nothing is recorded under a name that was not sent.
"""

import re
import unicodedata

from .reading import BadInput

# Control, format (such as right-to-left override), surrogate, private use and unassigned
# characters, separators of lines and paragraphs, and all blanks but the space.
CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"}
# What Unicode calls default ignorable (DerivedCoreProperties.txt) but files under letters or marks:
# joiners, fillers, variation selectors; and symbols that are drawn as a blank.
UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef"
    "\u2800\U00013441\U00013442\U00016fe4\U0001d159]"
)


def visible(value: object, name: str, longest: int) -> str:
    """The text in its one spelling (NFC); raises `BadInput` with what is wrong with the field.

    It has 1 to `longest` characters; spaces only between others, and one at a time.
    """
    text = unicodedata.normalize("NFC", value) if isinstance(value, str) else value
    if problem := _problem(text, longest):
        sentence = f"The {name} {problem}: it has 1 to {longest} visible characters."
        raise BadInput(sentence, field=name)
    return str(text)


def is_visible(text: str) -> bool:
    """Whether each character can be seen. Of blanks, only the space counts."""
    if text.isascii():  # nearly always, and in a tenth of the time
        return text.isprintable()
    categories = {unicodedata.category(character) for character in text.replace(" ", "")}
    return not (categories & CATEGORIES or UNSEEN.search(text))


def _problem(text: object, longest: int) -> str | None:
    if not isinstance(text, str):
        return "is missing" if text is None else "is no text"
    if not 1 <= len(text) <= longest:
        return f"has {len(text)} characters"
    if text != text.strip():
        return "begins or ends with a space"
    if not is_visible(text):
        return "has a character that cannot be seen"
    return "has two spaces in a row" if "  " in text else None
