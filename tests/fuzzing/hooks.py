"""What schemathesis cannot read in the document: what a SKU looks like, and which 400 is right."""

import re
import unicodedata
from typing import Any

import schemathesis
from hypothesis import strategies as st

VISIBLE = st.characters(categories=("L", "M", "N", "P", "S", "Zs"))
visible = st.text(VISIBLE)
sku = (
    st.text(VISIBLE.filter(lambda character: character not in "/%"), min_size=1, max_size=64)
    .map(lambda text: unicodedata.normalize("NFC", text).strip())
    .filter(lambda text: 1 <= len(text) <= 64 and text not in (".", ".."))
)
schemathesis.openapi.format("visible", visible)
schemathesis.openapi.format("sku", sku)
schemathesis.openapi.format("reference", sku)
quoted_sku = sku.map(lambda text: '"' + text.replace('"', '""') + '"')
stock_line = st.tuples(quoted_sku, st.integers(1, 2**31 - 1)).map(lambda row: f"{row[0]},{row[1]}")
schemathesis.openapi.format(
    "stock-csv",
    st.lists(stock_line, min_size=1).map(lambda rows: "\n".join(["sku,quantity", *rows])),
)
schemathesis.openapi.format(
    "day-and-sku", st.tuples(st.dates(), sku).map(lambda key: f"{key[0]}/{key[1]}")
)


@schemathesis.check
def good_command_is_refused_for_a_reason_that_is_described(
    ctx: Any, response: Any, case: Any
) -> None:
    """A command may answer 400 to a good request (schemathesis.toml), with a sentence that the
    description of its 400 has between quotation marks, or with several of them; `{sku}` there
    stands for any text."""
    good = case.meta is not None and case.meta.generation.mode.is_positive
    if good and case.method == "POST" and response.status_code == 400:
        described = case.operation.definition.raw["responses"]["400"].get("description", "")
        quoted = re.findall('"([^"]*)"', described)
        sentences = "|".join(re.sub(r"\\\{\w+\\\}", ".+", re.escape(text)) for text in quoted)
        assert re.fullmatch(f"(?:(?:{sentences}) ?)+", response.text), response.text


@schemathesis.hook
def filter_query(context: Any, query: Any) -> bool:
    """JSON Schema has no words for a day that is not before another one."""
    return not (query or {}).get("since", "") > (query or {}).get("until", "9999-12-31")


@schemathesis.hook
def filter_body(context: Any, body: Any) -> bool:
    """5.0 is an integer to JSON Schema, which has no words for how a number is written; we take 5
    alone, as the original does. That 5.0 is refused is in test_http_refusals.py."""
    lines = body.get("lines") if isinstance(body, dict) else None
    objects = [body, *(lines if isinstance(lines, list) else [])]
    values = [value for one in objects if isinstance(one, dict) for value in one.values()]
    return not any(isinstance(value, float) and value.is_integer() for value in values)
