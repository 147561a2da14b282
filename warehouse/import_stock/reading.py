"""A CSV file of stock, read strictly: `sku,quantity` or `sku,quantity,recorded_at`.

Commas, semicolons or tabs stand between the fields, as spreadsheets write them in one country or
another: the header shows which, or a line `sep=;` before it.
"""

import csv
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import BinaryIO, NamedTuple

from cqrs_example.http import BadInput
from cqrs_example.http.fields import LARGEST
from warehouse.sku import parse_sku

HEADERS = (["sku", "quantity"], ["sku", "quantity", "recorded_at"])
LONGEST_LINE = 10_000  # bytes
DELIMITERS = ",;\t"
SEPARATOR = re.compile('"?sep=(.)"?', re.IGNORECASE)  # a line that Excel reads first


class Row(NamedTuple):
    """What a line says; `recorded_at` is None where the file does not say when it came."""

    line: int
    sku: str
    quantity: int
    recorded_at: datetime | None = None


class ZeroLine(NamedTuple):
    """A line of which nothing is to be received: its number, and the SKU."""

    line: int
    sku: str


class WrongLine(Exception):
    """A line that cannot be imported: its number, what is wrong, and what would be right."""


def read(file: BinaryIO) -> Iterator[Row | ZeroLine | WrongLine]:
    """The rows of a file, and what is wrong with the lines that are none.

    Lines are skipped that are empty, or hold spaces and commas only, as spreadsheets leave them.
    Times without a zone are UTC. After a wrong header or a line without an end nothing more comes.
    """
    header: list[str] | None = None
    delimiter = ""
    now = datetime.now(UTC)
    number = 0
    while line := file.readline(LONGEST_LINE):
        number += 1
        try:
            if len(line) == LONGEST_LINE:
                header = []  # what follows is not a line's beginning
                raise ValueError(f"is longer than {LONGEST_LINE:,} bytes: this is not such a file")
            text = _text(line, first=number == 1)
            if number == 1 and (named := SEPARATOR.fullmatch(text)):
                delimiter = _named(named[1])
            elif header is not None:
                fields = _fields(text, delimiter)
                if any(field.strip() for field in fields):
                    yield _row(number, header, fields, now)
            elif text.strip(f'{DELIMITERS} "'):
                header, delimiter = _header(text, delimiter)
        except (ValueError, BadInput) as error:
            yield WrongLine(f"line {number}: {error}")
            if not header:
                return
    if header is None:
        yield WrongLine("line 1: the file is empty; it begins with the header sku,quantity")


def _text(line: bytes, first: bool) -> str:
    if first and line.startswith(b"PK\x03\x04"):
        raise ValueError("this is a workbook: save the sheet as CSV (UTF-8), and import that")
    try:
        return line.decode("utf-8-sig" if first else "utf-8").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise ValueError(f"byte {error.start + 1} is not UTF-8, which the file has to be") from None


def _fields(text: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([text], delimiter=delimiter, strict=True), [])
    except csv.Error as error:
        raise ValueError(f"this is not CSV: {error}") from None


def _named(delimiter: str) -> str:
    if delimiter in DELIMITERS:
        return delimiter
    raise ValueError(f"sep= names a comma, a semicolon or a tab, not {delimiter!r}")


def _header(text: str, delimiter: str) -> tuple[list[str], str]:
    """The names of the columns, and what stands between fields."""
    for one in delimiter or DELIMITERS:
        if (fields := _fields(text, one)) in HEADERS:
            return fields, one
    raise ValueError(
        f"the header must be sku,quantity or sku,quantity,recorded_at, but is {text!r:.80}"
    )


def _row(number: int, header: list[str], fields: list[str], now: datetime) -> Row | ZeroLine:
    if len(fields) != len(header):
        raise ValueError(f"has {len(fields)} fields, but the header has {len(header)}")
    sku, quantity = parse_sku(fields[0]), _quantity(fields[1])
    recorded_at = _time(fields[2], now) if len(fields) > 2 else None
    return Row(number, sku, quantity, recorded_at) if quantity else ZeroLine(number, sku)


def _quantity(text: str) -> int:
    if re.fullmatch("[0-9]{1,10}", text) and int(text) <= LARGEST:
        return int(text)
    raise ValueError(f"the quantity must be a whole number from 1 to {LARGEST:,}, not {text!r:.40}")


def _time(text: str, now: datetime) -> datetime | None:
    """A time in ISO 8601; an empty field says nothing."""
    if not text:
        return None
    try:
        time = datetime.fromisoformat(text)
        time = time.replace(tzinfo=time.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        example = "2026-01-31T14:30:00Z"
        raise ValueError(
            f"recorded_at must be a time such as {example}, not {text!r:.40}"
        ) from None
    if time > now:
        raise ValueError(f"recorded_at must not be in the future, but is {text}")
    return time
