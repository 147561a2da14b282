"""The lines of a document as somebody typed them, or as a program sent them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from cqrs_example.http import BadInput, field
from cqrs_example.http.fields import to_whole_number
from warehouse.quantities import questions, wants_questions
from warehouse.sku import parse_sku

from .command import Line, WrongLines

MOST_LINES = 200


@dataclass
class Typed:
    """A line of the form: the texts in its fields, and its error."""

    sku: str = ""
    quantity: str = ""
    asked: str = ""  # the quantity about which the page has asked back
    error: str = ""
    wrong: str = ""  # the field that is wrong

    @property
    def is_blank(self) -> bool:
        return not (self.sku.strip() or self.quantity.strip())

    def refuse(self, error: str, wrong: str = "quantity") -> None:
        self.error, self.wrong = error, wrong


def typed_lines(request: HttpRequest) -> list[Typed]:
    """The lines of a form, without blank ones and without the one to remove."""
    columns = [request.POST.getlist(name) for name in ("sku", "quantity", "asked")]
    if len(set(map(len, columns))) > 1:
        raise BadInput("The form is incomplete: each line needs a sku, a quantity and asked.")
    away = request.POST.get("remove", "")
    lines = [Typed(*fields) for fields in zip(*columns, strict=True)]
    return [line for n, line in enumerate(lines, 1) if str(n) != away and not line.is_blank]


def checked(lines: Sequence[Typed], least: int) -> tuple[Line, ...]:
    """The lines of a form for the command; raises `WrongLines`, and marks each wrong line.

    The form asks back once about an implausible quantity, and then accepts it.
    """
    found = [_line(typed, least) for typed in lines]
    asked = questions(_largest(line for line in found if line))
    for typed, line in zip(lines, found, strict=True):
        if line and line.sku in asked and typed.asked != typed.quantity:
            typed.refuse(asked[line.sku])
        typed.asked = typed.quantity
    if wrong := {n: typed.error for n, typed in enumerate(lines, 1) if typed.error}:
        raise WrongLines(wrong)
    return tuple(line for line in found if line)


def mark(lines: Sequence[Typed], error: WrongLines) -> None:
    """Mark the lines that an error of the command names by their numbers."""
    for number, sentence in error.sentences.items():
        typed = lines[number - 1]
        typed.refuse(sentence, typed.wrong or "quantity")


def _line(typed: Typed, least: int) -> Line | None:
    try:
        sku = parse_sku(typed.sku.strip())
        return Line(sku, to_whole_number(typed.quantity, "quantity", least, typed=True))
    except BadInput as error:
        typed.refuse(str(error), "quantity" if error.field == "quantity" else "sku")
        return None


def sent_lines(request: HttpRequest, least: int) -> tuple[Line, ...]:
    """The lines that a program sent; raises `BadInput` or `WrongLines`."""
    values = field(request, "lines")
    if not isinstance(values, list) or not 1 <= len(values) <= MOST_LINES:
        raise BadInput(f"The lines must be a list of 1 to {MOST_LINES} lines.", field="lines")
    lines: list[Line] = []
    wrong = {}
    for number, value in enumerate(values, 1):
        try:
            lines.append(_sent(value, least))
        except BadInput as error:
            wrong[number] = str(error)
    if not wrong and wants_questions(request):
        asked = questions(_largest(lines))
        wrong = {n: asked[line.sku] for n, line in enumerate(lines, 1) if line.sku in asked}
    if wrong:
        raise WrongLines(wrong)
    return tuple(lines)


def _sent(value: Any, least: int) -> Line:
    if not isinstance(value, dict) or value.keys() != {"sku", "quantity"}:
        raise BadInput("A line is an object with sku and quantity, and nothing else.")
    return Line(
        parse_sku(value["sku"]), to_whole_number(value["quantity"], "quantity", least, typed=False)
    )


def _largest(lines: Iterable[Line]) -> dict[str, int]:
    largest: dict[str, int] = {}
    for line in lines:
        largest[line.sku] = max(line.quantity, largest.get(line.sku, 0))
    return largest
