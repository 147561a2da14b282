import re
import time
from io import StringIO

import pytest

from cqrs_example import progress as module
from cqrs_example.progress import progress

STEPS = [("first", 250), ("second", 1_000)]
FIGURES = r"[\d,]+ per second, \d+ s left"


class Terminal(StringIO):
    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def _every_step_is_told(monkeypatch):
    monkeypatch.setattr(module, "OFTEN", 0)
    monkeypatch.setattr(module, "SELDOM", 0)


def test_bar_on_a_terminal():
    out = Terminal()
    assert list(progress(STEPS, 1_000, "products", out)) == ["first", "second"]
    nothing, quarter, whole, end = out.getvalue().split("\r\x1b[K")
    assert re.fullmatch(r"\[#{8} {22}\] products: 250 of 1,000", quarter)
    assert re.fullmatch(rf"\[#{{30}}\] products: 1,000 of 1,000, {FIGURES}", whole)
    assert (nothing, end) == ("", "")


def test_plain_lines_elsewhere():
    out = StringIO()
    assert list(progress(STEPS, 1_000, "products", out)) == ["first", "second"]
    quarter, whole = out.getvalue().splitlines()
    assert quarter == "products: 250 of 1,000"
    assert re.fullmatch(rf"products: 1,000 of 1,000, {FIGURES}", whole)


def test_rate_is_that_of_what_was_done_here():
    """A rebuild that catches up begins at a high position: it has not come there just now."""

    def steps():
        for number in range(3):
            yield number, 1_000_000 + 10 * number
            time.sleep(0.05)

    out = StringIO()
    list(progress(steps(), 1_000_040, "products", out))
    *_, last = out.getvalue().splitlines()
    [rate] = re.findall(r", (\d+) per second, \d+ s left$", last)
    assert int(rate) <= 200  # at most 10 in 0.05 s, however slow this machine is


def test_bar_makes_room_for_what_went_wrong():
    def steps():
        yield STEPS[0]
        raise RuntimeError("the disk is full")

    out = Terminal()
    with pytest.raises(RuntimeError):
        list(progress(steps(), 1_000, "products", out))
    assert out.getvalue().endswith("250 of 1,000\r\x1b[K")


def test_log_without_events():
    out = Terminal()
    assert list(progress([], 0, "products", out)) == []
    assert out.getvalue() == "\r\x1b[K"
