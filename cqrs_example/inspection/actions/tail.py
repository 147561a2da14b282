"""`events tail`."""

import time
from argparse import ArgumentParser
from typing import Any

from django.db import InterfaceError, OperationalError, connection

from ...operations.waiting import settled_and_told
from ..arguments import add_filters, filter_of
from ..following import after, newest
from ..output import Output

HELP = "the last events, oldest first"
EVERY = 0.5  # seconds between two looks for new events


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("-n", type=int, default=20, metavar="COUNT", help="how many (default: 20)")
    parser.add_argument("-f", "--follow", action="store_true", help="wait for new events, too")
    names = "events of this stream, or of all whose names begin so, as in account-*"
    parser.add_argument("--stream", default="", help=names)
    add_filters(parser)


def run(output: Output, options: dict[str, Any]) -> None:
    filter_ = filter_of(options, options["stream"])
    settled = settled_and_told("events tail")
    for event in newest(filter_, max(options["n"], 0), settled):
        output.event(event)
    while options["follow"]:
        time.sleep(EVERY)
        try:
            for event in after(settled):
                settled = event.position
                if filter_.lets_through(event):
                    output.event(event)
        except (OperationalError, InterfaceError) as error:
            reason = " ".join(str(error).split())
            output.warning(f"The database did not answer, trying again: {reason}")
            connection.close()
