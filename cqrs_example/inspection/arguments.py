"""The arguments of `manage.py events`: times, types, ids, events, and words to look for."""

import re
from argparse import ArgumentParser, ArgumentTypeError
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError

from ..eventstore import RecordedEvent
from ..eventstore.recorded import SELECT
from ..http import BadInput
from .finding import Search, event_types
from .following import Filter
from .looking import look
from .visible import on_one_line
from .words import position, terms

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
MAY_BE = "WHERE id = %s OR correlation_id = %s OR causation_id = %s LIMIT 1"


def add_filters(parser: ArgumentParser) -> None:
    """Add the options that choose events by their type and time."""
    parser.add_argument("--type", type=_type, help="the type's whole name or its last part")
    when = "recorded at this time or later: 2026-01-31, 2026-01-31T14:30, or 2h or 7d ago"
    parser.add_argument("--since", type=_moment, metavar="TIME", help=when)
    parser.add_argument("--until", type=_moment, metavar="TIME", help="recorded before this time")


def filter_of(options: dict[str, Any], stream: str) -> Filter:
    """The filter that the options of `add_filters` ask for."""
    return Filter(options["type"] or "", stream, options["since"], options["until"])


def add_search(parser: ArgumentParser) -> None:
    """Add the arguments of `events find`."""
    parser.add_argument(
        "words",
        nargs="+",
        metavar="WORD",
        help="an id, a position, a stream, an actor, a command, a type, or a field's value:"
        ' "account:ann" "amount:>100"; events have to match all words',
    )
    parser.add_argument("-n", type=int, default=20, metavar="COUNT", help="how many (default: 20)")
    add_filters(parser)
    when = "occurred at this time or later"
    parser.add_argument("--occurred-since", type=_moment, metavar="TIME", help=when)
    when = "occurred before this time"
    parser.add_argument("--occurred-until", type=_moment, metavar="TIME", help=when)


def search_of(options: dict[str, Any]) -> Search:
    """The search that the arguments of `add_search` ask for; raises `CommandError` for words that
    cannot be looked for."""
    # The shell has removed the quotes around values with spaces: put them back.
    words = [re.sub(r"^(\w+:)?(.*\s.*)$", r'\1"\2"', word) for word in options["words"]]
    q = " ".join(words)
    try:
        if any(ord(character) < 32 for character in q):
            raise BadInput("Words to look for cannot have control characters.")
        terms(q, [])
    except BadInput as error:
        raise CommandError(str(error), returncode=2) from None
    names = ("since", "until", "occurred_since", "occurred_until")
    return Search(q, options["type"] or "", "", *(options[name] for name in names))


def _type(text: str) -> str:
    known = event_types()
    matching = [name for name in known if text in (name, name.rpartition(".")[2])]
    if len(matching) != 1:
        raise ArgumentTypeError(f"{text!r} is no type of event; there are: {', '.join(known)}")
    return matching[0]


def _moment(text: str) -> datetime:
    """A time in ISO 8601, in UTC if it names no zone; or its age: 90s, 30m, 2h, 7d, 1w."""
    try:
        if ago := re.fullmatch(r"([0-9]{1,6})([smhdw])", text):
            return datetime.now(UTC) - timedelta(**{UNITS[ago[2]]: int(ago[1])})
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        example = "a time such as 2026-01-31T14:30, or one such as 2h or 7d ago"
        raise ArgumentTypeError(f"must be {example}, not {text!r:.40}") from None


def uuid(text: str) -> UUID:
    """A UUID in one of its usual forms; raises `ArgumentTypeError` for other text."""
    try:
        return UUID(text)
    except ValueError:
        example = "4d7e9c52-0c5e-4a8c-9a53-6d1f2b7c8e90"
        raise ArgumentTypeError(f"must be a UUID such as {example}, not {text!r:.60}") from None


def event_of(text: str) -> RecordedEvent[Any]:
    """The event with this id or at this position; raises `CommandError` if there is none."""
    number = text.removeprefix("#")
    if number.isascii() and number.isdigit():
        found = _found("WHERE position = %s", position(number))
    else:
        found = _found("WHERE id = %s", _id(text))
    if found:
        return found[0]
    if not number.isdigit() and (known := _found(MAY_BE, *[_id(text)] * 3)):
        raise CommandError(
            f"No event has the id {text}, but others refer to it:"
            f" manage.py events trace {known[0].correlation_id}"
        )
    raise CommandError(f"There is no event {on_one_line(text)}.")


def _id(text: str) -> UUID:
    try:
        return uuid(text)
    except ArgumentTypeError as error:
        raise CommandError(f"An event {error}; or #12, its position.", returncode=2) from None


def _found(where: str, *parameters: Any) -> list[RecordedEvent[Any]]:
    return look(f"{SELECT} {where}", parameters)
