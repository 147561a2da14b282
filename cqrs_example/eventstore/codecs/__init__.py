"""Write the fields of an event as JSON, and read them back, with a table of codecs.

JSON holds text, whole numbers, true, false, null, and lists and dicts of them. All other types need
a codec. You can add one for a type of your own:

    CODECS[Money] = Codec(write=str, read=Money.parse)

Put this line beside the class, in a module that is imported before the first event is written.
"""

from .compound import Codec
from .json_text import as_json, from_json, from_jsonb, mapping_from_jsonb, recorded_fields
from .table import CODECS, built, codec_for, hints_of, written
from .unchanged import read_back

__all__ = [
    "CODECS",
    "Codec",
    "as_json",
    "built",
    "codec_for",
    "from_json",
    "from_jsonb",
    "hints_of",
    "mapping_from_jsonb",
    "read_back",
    "recorded_fields",
    "written",
]
