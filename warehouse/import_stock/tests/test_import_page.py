"""A file in the browser: what is in it is shown, then confirmed; and the same for programs."""

import json
from base64 import b64encode
from io import StringIO
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client

from cqrs_example.eventstore import last_event, read_all
from warehouse.events import product_stream

from .. import importing, views

PAGE = "/warehouse/import_stock"
HTML = {"accept": "text/html"}
FILE = "sku;quantity\r\nbolt;5\r\nnut;7\r\n"


@pytest.fixture
def clerk(client, db):
    client.force_login(User.objects.create_superuser("anna"))
    return client


def choose(client, content, name="stock.csv"):
    data = content if isinstance(content, bytes) else content.encode()
    return client.post(PAGE, {"file": SimpleUploadedFile(name, data)}, headers=HTML)


def confirm(client, content=FILE, **fields):
    """As the page of this file does it."""
    encoded = b64encode(content if isinstance(content, bytes) else content.encode()).decode()
    form = {"name": "stock.csv", "content": encoded, "next": PAGE, **fields}
    return client.post(PAGE, form, headers=HTML)


def confirm_page(client, page):
    """What the form of the page sends."""
    form = {name: page.context[name] for name in ("name", "content")}
    return client.post(PAGE, {**form, "next": PAGE}, headers=HTML)


def said(client, answer):
    assert answer.status_code == 303
    return [str(one) for one in client.get(answer["Location"], headers=HTML).context["messages"]]


def test_a_chosen_file_is_shown_and_nothing_imported(clerk):
    page = choose(clerk, FILE)
    assert page.status_code == 200
    assert [(row.line, row.sku, row.quantity, after) for row, after in page.context["rows"]] == [
        (2, "bolt", 5, 5),
        (3, "nut", 7, 7),
    ]
    assert (page.context["products"], page.context["quantity"]) == (2, 12)
    assert list(read_all()) == []


def test_what_was_shown_is_imported_when_confirmed(clerk):
    page = choose(clerk, FILE)
    assert said(clerk, confirm_page(clerk, page)) == ["Imported 2 of 2 lines of stock.csv."]
    bolt = last_event(product_stream("bolt"))
    assert (bolt.data.quantity_on_hand, bolt.metadata["actor"]) == (5, "anna")
    assert bolt.metadata["request"] == {"method": "POST", "path": PAGE, "file": "stock.csv"}
    after = choose(clerk, "sku,quantity\nbolt,1\nbolt,2\n").context["rows"]
    assert [on_hand for _, on_hand in after] == [6, 8]


def test_what_comes_back_with_the_confirmation_is_checked_again(clerk):
    answer = confirm(clerk, "sku,quantity\nbolt,-5\n")
    assert answer.status_code == 422
    assert answer.context["error"].lines[0].startswith("line 2: the quantity must be a whole")
    assert b"bolt,-5" not in answer.content
    assert confirm(clerk, "sku,quantity\nbolt,0\n").status_code == 422
    assert list(read_all()) == []


def test_the_same_file_again_is_a_repetition_whoever_sends_it(clerk, tmp_path):
    path = tmp_path / "renamed.csv"
    path.write_bytes(b"\xef\xbb\xbf" + FILE.encode())
    call_command("import_stock", str(path))
    page = choose(clerk, path.read_bytes())
    assert (page.context["before"], page.context["by"], page.context["left"]) == (2, "import", 0)
    assert b"imported before, by import" in page.content
    assert b"Import 2 lines" not in page.content
    assert said(clerk, confirm(clerk)) == [
        "Imported 0 of 2 lines of stock.csv; 2 had been imported before."
    ]
    assert len(list(read_all())) == 2


def test_the_rest_of_a_file_that_was_interrupted(clerk, monkeypatch):
    monkeypatch.setattr(importing, "CHUNK", 2)
    monkeypatch.setattr("warehouse.import_stock.command.MOST", 10)
    content = "sku,quantity\n" + "bolt,4\n" * 5
    answer = confirm(clerk, content)
    assert answer.status_code == 422
    assert "Stopped: line 4: there cannot be more than 10 on hand. What was imported" in str(
        answer.context["error"]
    )
    monkeypatch.undo()
    monkeypatch.setattr(importing, "CHUNK", 2)
    page = choose(clerk, content)
    assert (page.context["before"], page.context["left"]) == (2, 3)
    # With workers behind it there is a second sentence.
    first, *_ = said(clerk, confirm(clerk, content))
    assert first == "Imported 3 of 5 lines of stock.csv; 2 had been imported before."


def test_lines_of_zero_are_named_and_left_out_by_the_confirmation(clerk):
    content = "sku,quantity\nbolt,5\nnut,0\n"
    page = choose(clerk, content)
    assert page.context["file"].zeros.lines == ["line 3 (nut)"]
    assert b"Import 1 line without those of 0" in page.content
    assert said(clerk, confirm(clerk, content, leave_out_zeros="yes")) == [
        "Imported 1 of 1 line of stock.csv."
    ]


def test_a_quantity_that_is_implausible_is_named(clerk):
    page = choose(clerk, "sku,quantity\nbolt,360002914\nnut,10000\n")
    assert page.context["large"].lines == ["line 2: 360,002,914 of bolt"]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("sku,quantity\na/b,5\n", 'line 2: The SKU has a "/"'),
        (b"sku,quantity\nb\xe4,5\n", "line 2: byte 2 is not UTF-8"),
        (b"PK\x03\x04", "line 1: this is a workbook"),
        ("", "The submitted file is empty"),
    ],
)
def test_wrong_lines_are_named_on_the_page(clerk, content, line):
    page = choose(clerk, content)
    assert page.status_code == 422
    found = getattr(page.context["error"], "lines", [str(page.context["error"])])
    assert found[0].startswith(line) or not content
    assert list(read_all()) == []


def test_no_file(clerk):
    answer = clerk.post(PAGE, {}, headers=HTML)
    assert answer.status_code == 422
    assert answer.content.count(b"Choose a file.") == 1
    assert b'aria-invalid="true"' in answer.content


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("sku,quantity\n" + "\n" * views.MOST_BYTES, "512 KB at most are imported here"),
        ("sku,quantity\n" + "a,1\n" * 20_001, "20,000 lines at most are imported here"),
    ],
    ids=["bytes", "lines"],
)
def test_a_file_that_is_too_large_is_told_so(clerk, content, sentence):
    answer = choose(clerk, content)
    assert answer.status_code == 422
    assert sentence in str(answer.context["error"])
    assert "manage.py import_stock" in str(answer.context["error"])


def test_a_file_of_the_most_lines(clerk):
    content = "sku,quantity\r\n" + "abcdefgh,1\r\n" * 20_000
    page = choose(clerk, content)
    assert said(clerk, confirm_page(clerk, page)) == [
        "Imported 20,000 of 20,000 lines of stock.csv."
    ]


def test_a_file_of_the_most_bytes(clerk):
    line = f"{'a' * 60},1\r\n"
    header = "sku,quantity\r\n"
    lines, rest = divmod(views.MOST_BYTES - len(header), len(line))
    page = choose(clerk, header + line * lines + "\n" * rest)
    assert said(clerk, confirm_page(clerk, page)) == [
        f"Imported {lines:,} of {lines:,} lines of stock.csv."
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r\r\n", "\n\n", "\r\n\r\n", "\n\r\n"])
@pytest.mark.parametrize("last", [True, False], ids=["end", "no end"])
def test_the_command_line_and_the_page_import_the_same_lines(clerk, tmp_path, end, last):
    """Whatever the ends of lines are, a file that came in one way is known in the other."""
    lines = ["sku,quantity", "bolt,5", '"nut",7']
    (tmp_path / "stock.csv").write_bytes((end.join(lines) + end * last).encode())
    call_command("import_stock", tmp_path / "stock.csv", stdout=StringIO())
    page = choose(clerk, (tmp_path / "stock.csv").read_bytes())
    assert b"imported before, by import" in page.content
    [sentence] = said(clerk, confirm_page(clerk, page))
    assert sentence == "Imported 0 of 2 lines of stock.csv; 2 had been imported before."


def test_a_file_that_is_confirmed_in_a_browser_is_the_one_that_was_shown(clerk):
    """A browser sends each end of a line in a text as CR LF: none may be in what it sends back."""
    page = choose(clerk, "sku,quantity\r\r\nbolt,5\r\r\n")
    assert not {"\r", "\n"} & set(page.context["content"])


@pytest.mark.parametrize("content", ["sku,quantity\nbolt,5\n", "é", "YQ"])
def test_content_of_a_form_that_is_not_the_page_s(clerk, content):
    answer = clerk.post(PAGE, {"content": content}, headers=HTML)
    assert answer.status_code == 422
    assert "must be that of the page" in str(answer.context["error"])
    assert list(read_all()) == []


def test_a_time_of_the_first_year_in_a_zone_west_of_utc(clerk):
    clerk.cookies["time_zone"] = "America/New_York"
    page = choose(clerk, "sku,quantity,recorded_at\nbolt,5,0001-01-01T00:00:00Z\n")
    assert page.status_code == 200


@pytest.mark.parametrize("name", ["a\u202eb.csv", "x" * 200 + ".csv", "<b>.csv", "a  b.csv", "  "])
def test_odd_names_of_files(clerk, name):
    page = choose(clerk, FILE, name)
    assert page.status_code == 200
    assert b"<b>" not in page.content
    assert said(clerk, confirm_page(clerk, page))


# Programs


def send(client, **body):
    return client.post(PAGE, json.dumps(body), content_type="application/json")


def test_programs_are_told_the_limits(client, db):
    limits = client.get(PAGE).json()
    assert limits == {
        "columns": ["sku", "quantity", "recorded_at"],
        "most_bytes": 524_288,
        "most_lines": 20_000,
    }


def test_program_sends_a_file(client, db):
    key = str(uuid4())
    for _ in range(2):
        answer = client.post(
            PAGE,
            json.dumps({"content": FILE}),
            content_type="application/json",
            headers={"x-correlation-id": key},
        )
        assert (answer.status_code, answer.content) == (200, b"")
    assert [str(event.correlation_id) for event in read_all()] == [key] * 2


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({}, "The content must be the text of a CSV file."),
        ({"content": 5}, "The content must be the text of a CSV file."),
        (
            {"content": "sku,quantity\na,0\nb,x\n"},
            "Nothing was imported: line 2: the quantity is 0, and such lines have to be left out;"
            " line 3: the quantity must be a whole number from 1 to 2,147,483,647, not 'x'.",
        ),
        (
            {"content": FILE, "leave_out_zeros": "yes"},
            "The field leave_out_zeros must be true or false.",
        ),
    ],
)
def test_program_is_refused_with_a_sentence(client, db, body, sentence):
    answer = client.post(
        PAGE,
        json.dumps(body),
        content_type="application/json",
        headers={"accept": "text/plain, */*"},
    )
    assert (answer.status_code, answer.content.decode()) == (400, sentence)
    assert list(read_all()) == []


def test_an_account_needs_the_permission(settings, db):
    settings.OPEN_MODE = False
    client = Client()
    client.force_login(User.objects.create_user("bert"))
    assert choose(client, FILE).status_code == 403
    assert confirm(client).status_code == 403
    assert list(read_all()) == []
