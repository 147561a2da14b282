"""One rule for text that people and programs send: each character is visible, and text that looks
the same is the same.

Two names that look alike but differ would lead to two streams, and nobody would find the second.
Text with an invisible character is refused. To remove the character instead would record a name
that the sender did not send.
"""

import re
import unicodedata

from .reading import BadInput

# Categories of Unicode: control, format (such as right-to-left override), surrogate, private use
# and unassigned characters, separators of lines and paragraphs, and all blanks but the space.
CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"}
# Characters that Unicode calls default ignorable (DerivedCoreProperties.txt) and has in categories
# of letters and marks: joiners, fillers, variation selectors. And symbols that look like a blank.
UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef"
    "\u2800\U00013441\U00013442\U00016fe4\U0001d159]"
)


def visible(value: object, name: str, longest: int) -> str:
    """The text in Unicode's form NFC, in which each character has one spelling.

    Raises `BadInput` unless the text has 1 to `longest` visible characters. Spaces may stand only
    between others, one at a time. `name` is the field's, for the message.
    """
    text = unicodedata.normalize("NFC", value) if isinstance(value, str) else value
    if problem := _problem(text, longest):
        sentence = f"The {name} {problem}: it has 1 to {longest} visible characters."
        raise BadInput(sentence, field=name)
    return str(text)


def is_visible(text: str) -> bool:
    """Whether each character can be seen. Of all blanks, only the space counts as visible."""
    if text.isascii():  # a shortcut for nearly all text, in a tenth of the time
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
