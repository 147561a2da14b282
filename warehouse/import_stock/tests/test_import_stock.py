import os
from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from cqrs_example.eventstore import last_event, read, read_all
from warehouse.events import ProductQuantityIncreased, product_stream

from .. import importing

pytestmark = pytest.mark.django_db


@pytest.fixture
def stock(tmp_path):
    """`stock(text)`: a file with this content."""

    def write(content):
        path = tmp_path / "stock.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def run(path):
    out = StringIO()
    call_command("import_stock", str(path), stdout=out)
    return out.getvalue()


def refused(path):
    with pytest.raises(CommandError) as failure:
        run(path)
    assert failure.value.returncode == 1
    assert list(read_all()) == []
    return str(failure.value).splitlines()


def on_hand():
    events = list(read_all())
    return {event.data.sku: event.data.quantity_on_hand for event in events}, len(events)


def test_receives_what_the_file_lists(stock):
    path = stock("sku,quantity,recorded_at\na,5,2026-01-31T14:30:00+01:00\nb,7,\na,2,2026-02-01\n")
    assert run(path) == f"Imported 3 of 3 lines of {path}.\n"
    first, second = read(product_stream("a"))
    assert first.data == ProductQuantityIncreased("a", 5, 5)
    assert second.data == ProductQuantityIncreased("a", 2, 7)
    assert first.occurred_at == datetime(2026, 1, 31, 13, 30, tzinfo=UTC)
    assert second.occurred_at == datetime(2026, 2, 1, tzinfo=UTC)
    assert first.recorded_at > first.occurred_at
    other = last_event(product_stream("b"))
    assert other.occurred_at == other.recorded_at
    assert other.correlation_id == first.correlation_id
    assert other.metadata["actor"] == "import"
    assert other.metadata["request"] == {"file": "stock.csv"}
    assert other.metadata["command"]["fields"]["last_line"] == 4


def test_goes_on_from_what_is_on_hand(stock):
    run(stock("sku,quantity\na,5\n"))
    run(stock("sku,quantity\na,1\na,1\n"))
    assert on_hand() == ({"a": 7}, 3)


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfsku,quantity\r\na,5\r\n\r\n",
        "sku,quantity\n\na,5",
        'sku,quantity\n"a","5"\n',
        "\n \n,\nsku,quantity\na,5\n",
        b"\xef\xbb\xbf\r\nsku,quantity\r\na,5\r\n",
        'sku,quantity\n,\n \na,5\n  ,\t\n,,,\n"",""\n',
        "sku;quantity\n;\na;5\n",
        "sku\tquantity\na\t5\n",
        b"\xef\xbb\xbfsep=;\r\nsku;quantity\r\na;5\r\n",
        '"sep=,"\nsku,quantity\na,5\n',
    ],
    ids=[
        "byte order mark and CRLF",
        "no line break at the end",
        "quoted",
        "empty lines before the header",
        "an empty line behind the byte order mark",
        "lines without content",
        "semicolons",
        "tabs",
        "a line that names the semicolon",
        "a line that names the comma",
    ],
)
def test_what_spreadsheets_write(stock, content):
    run(stock(content))
    assert on_hand() == ({"a": 5}, 1)


def test_sku_in_its_one_spelling(stock):
    run(stock('sku,quantity\ne\u0301,5\n\u00e9,1\n\'; ""<b>,1\n'))
    assert on_hand()[0] == {"\u00e9": 6, '\'; ""<b>': 1}


HEADER = "sku,quantity,recorded_at\n"
QUANTITY = "the quantity must be a whole number from 1 to 2,147,483,647, not "
TIME = "recorded_at must be a time such as 2026-01-31T14:30:00Z, not "


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "line 1: the file is empty; it begins with the header sku,quantity"),
        ("\n,\n", "line 1: the file is empty; it begins with the header sku,quantity"),
        ("\nsku,quantity\n,\n\na,\n", f"line 5: {QUANTITY}''"),
        ("\n\na,5\n", "line 3: the header must be sku,quantity or "),
        (
            "a,5\n",
            "line 1: the header must be sku,quantity or sku,quantity,recorded_at, but is 'a,5'",
        ),
        ("sku;quantity\n", "There is no line to import below the header."),
        ("sku|quantity\na|5\n", "line 1: the header must be"),
        ("sep=;\nsku,quantity\na,5\n", "line 2: the header must be"),
        ("sep=|\nsku|quantity\n", "line 1: sep= names a comma, a semicolon or a tab, not '|'"),
        ("sku;quantity\na,5\n", "line 2: has 1 fields, but the header has 2"),
        (b"PK\x03\x04\xff\n", "line 1: this is a workbook: save the sheet as CSV"),
        ("SKU,Quantity\n", "line 1: the header must be"),
        ("sku,quantity\na,5,x\n", "line 2: has 3 fields, but the header has 2"),
        ("sku,quantity\na\n", "line 2: has 1 fields, but the header has 2"),
        ("sku,quantity\n,5\n", "line 2: The SKU has 0 characters"),
        ("sku,quantity\n a,5\n", "line 2: The SKU begins or ends with a space"),
        ("sku,quantity\na/b,5\n", 'line 2: The SKU has a "/"'),
        ("sku,quantity\na\u202eb,5\n", "line 2: The SKU has a character that cannot be seen"),
        ("sku,quantity\na\0b,5\n", "line 2: "),
        ("sku,quantity\na,\n", f"line 2: {QUANTITY}''"),
        ("sku,quantity\na,0\n", "line 2: the quantity is 0, and such lines have to be left out"),
        ("sku,quantity\na,-1\n", f"line 2: {QUANTITY}'-1'"),
        ("sku,quantity\na,1.5\n", f"line 2: {QUANTITY}'1.5'"),
        ("sku,quantity\na, 5\n", f"line 2: {QUANTITY}' 5'"),
        ("sku,quantity\na,\u0665\n", f"line 2: {QUANTITY}'\u0665'"),
        ("sku,quantity\na,2147483648\n", f"line 2: {QUANTITY}'2147483648'"),
        (HEADER + "a,5,yesterday\n", f"line 2: {TIME}'yesterday'"),
        (HEADER + "a,5,2026-02-30\n", f"line 2: {TIME}'2026-02-30'"),
        (HEADER + "a,5,9999-12-31T23:59:59-23:00\n", f"line 2: {TIME}'9999"),
        (
            HEADER + "a,5,3000-01-01\n",
            "line 2: recorded_at must not be in the future, but is 3000-01-01",
        ),
        ('sku,quantity\n"a,5\n', "line 2: this is not CSV: "),
        (b"sku,quantity\na,5\nb\xe4,5\n", "line 3: byte 2 is not UTF-8, which the file has to be"),
        ("sku,quantity\n" + "a" * 20_000, "line 2: is longer than 10,000 bytes"),
    ],
)
def test_wrong_line_is_named_and_nothing_imported(stock, content, sentence):
    path = stock(content)
    first, problem = refused(path)
    assert first == f"Nothing of {path} was imported."
    assert problem.startswith(sentence)


def test_every_wrong_line_is_named_up_to_twenty(stock):
    lines = "".join(f"p{number},{number % 2}\n" for number in range(100))
    told = refused(stock("sku,quantity\n" + lines))
    assert told[1].startswith("line 2: the quantity")
    assert told[2].startswith("line 4: the quantity")
    assert len(told) == 1 + 20 + 1
    assert told[-1] == "and 30 more"


def test_lines_of_zero_are_named_and_left_out_when_asked(stock):
    path = stock("sku,quantity\na,5\nb,0\n\nc,00\n")
    out = StringIO()
    call_command("import_stock", str(path), leave_out_zeros=True, stdout=out)
    assert out.getvalue() == (
        f"Left out 2 lines of zero: line 3 (b), line 5 (c).\nImported 1 of 1 line of {path}.\n"
    )
    assert on_hand() == ({"a": 5}, 1)


def test_nothing_but_zeros(stock):
    path = stock("sku,quantity\na,0\n")
    with pytest.raises(CommandError, match="There is no line to import"):
        call_command("import_stock", str(path), leave_out_zeros=True)


def test_no_file(tmp_path):
    assert refused(tmp_path / "none.csv")[1] == "There is no such file."
    assert refused(tmp_path)[1] == "That is no file."
    os.mkfifo(tmp_path / "pipe")
    assert refused(tmp_path / "pipe")[1] == "That is no file."


def test_more_than_there_can_be(stock, monkeypatch):
    monkeypatch.setattr("warehouse.import_stock.command.MOST", 10)
    with pytest.raises(CommandError) as failure:
        run(stock("sku,quantity\na,5\na,6\n"))
    assert "line 3: there cannot be more than 10 on hand. What was imported" in str(failure.value)
    assert on_hand() == ({}, 0)


# Again, interrupted, at once


def lines(count):
    return "sku,quantity\n" + "".join(f"p{number % 7},1\n" for number in range(count))


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr(importing, "CHUNK", 10)


@pytest.mark.usefixtures("small_chunks")
def test_second_run_adds_nothing(stock, tmp_path):
    path = stock(lines(35))
    assert run(path) == f"Imported 35 of 35 lines of {path}.\n"
    told = f"Imported 0 of 35 lines of {path}; 35 had been imported before.\n"
    assert run(path) == told
    elsewhere = path.rename(tmp_path / "renamed.csv")
    assert run(elsewhere) == told.replace("stock.csv", "renamed.csv")
    assert on_hand()[1] == 35


@pytest.mark.usefixtures("small_chunks")
def test_second_run_completes_the_first(stock, monkeypatch):
    path = stock(lines(35))
    chunks = iter(range(2))

    def failing(*arguments):
        if next(chunks, None) is None:
            raise KeyboardInterrupt
        return execute(*arguments)

    execute = importing.execute
    monkeypatch.setattr(importing, "execute", failing)
    with pytest.raises(CommandError, match="run the same again to import the rest") as failure:
        run(path)
    assert failure.value.returncode == 130
    assert on_hand()[1] == 20
    monkeypatch.setattr(importing, "execute", execute)
    assert run(path) == f"Imported 15 of 35 lines of {path}; 20 had been imported before.\n"
    assert on_hand() == ({f"p{number}": 5 for number in range(7)}, 35)
