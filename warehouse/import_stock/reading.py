"""A CSV file of stock, read strictly: `sku,quantity` or `sku,quantity,recorded_at`."""

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


class Row(NamedTuple):
    """What a line says; `recorded_at` is None where the file does not say when it came."""

    line: int
    sku: str
    quantity: int
    recorded_at: datetime | None = None


class WrongLine(Exception):
    """A line that cannot be imported: its number, what is wrong, and what would be right."""


def read(file: BinaryIO) -> Iterator[Row | WrongLine]:
    """The rows of a file, and what is wrong with the lines that are none.

    Lines are skipped that are empty, or hold spaces and commas only, as spreadsheets leave them.
    Times without a zone are UTC. After a wrong header or a line without an end nothing more comes.
    """
    header: list[str] | None = None
    now = datetime.now(UTC)
    number = 0
    while line := file.readline(LONGEST_LINE):
        number += 1
        try:
            if len(line) == LONGEST_LINE:
                header = []  # what follows is not a line's beginning
                raise ValueError(f"is longer than {LONGEST_LINE:,} bytes: this is not such a file")
            fields = _fields(line, first=number == 1)
            if not any(field.strip() for field in fields):
                continue
            if header is None:
                header = _header(fields)
            else:
                yield _row(number, header, fields, now)
        except (ValueError, BadInput) as error:
            yield WrongLine(f"line {number}: {error}")
            if not header:
                return
    if header is None:
        yield WrongLine("line 1: the file is empty; it begins with the header sku,quantity")


def _fields(line: bytes, first: bool) -> list[str]:
    try:
        text = line.decode("utf-8-sig" if first else "utf-8").rstrip("\r\n")
        return next(csv.reader([text], strict=True), [])
    except UnicodeDecodeError as error:
        raise ValueError(f"byte {error.start + 1} is not UTF-8, which the file has to be") from None
    except csv.Error as error:
        raise ValueError(f"this is not CSV: {error}") from None


def _header(fields: list[str]) -> list[str]:
    if fields not in HEADERS:
        raise ValueError(
            "the header must be sku,quantity or sku,quantity,recorded_at,"
            f" but is {','.join(fields)!r:.80}"
        )
    return fields


def _row(number: int, header: list[str], fields: list[str], now: datetime) -> Row:
    if len(fields) != len(header):
        raise ValueError(f"has {len(fields)} fields, but the header has {len(header)}")
    sku, quantity, *times = fields
    return Row(number, parse_sku(sku), _quantity(quantity), _time(times[0], now) if times else None)


def _quantity(text: str) -> int:
    if re.fullmatch("[0-9]{1,10}", text) and 1 <= int(text) <= LARGEST:
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
