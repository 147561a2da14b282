"""What a view reads of a body, JSON's or a form's; and text that looks the same is the same."""

import json
import sys
import unicodedata

import pytest
from django.test import RequestFactory

from cqrs_example.http import BadInput, is_visible, text, visible, whole_number
from cqrs_example.http.strict_json import strictly_read

# Default_Ignorable_Code_Point of Unicode 16.0, DerivedCoreProperties.txt: first and last of each.
DEFAULT_IGNORABLE = [
    *[(0x00AD, 0x00AD), (0x034F, 0x034F), (0x061C, 0x061C), (0x115F, 0x1160), (0x17B4, 0x17B5)],
    *[(0x180B, 0x180F), (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164)],
    *[(0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8)],
    *[(0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF)],
]
DRAWN_AS_A_BLANK = [0x2800, 0x13441, 0x13442, 0x16FE4, 0x1D159]


def program(**fields):
    return RequestFactory().post("/", json.dumps(fields), content_type="application/json")


def person(**fields):
    return RequestFactory().post("/", fields)


def refusal(read, *arguments, **options):
    with pytest.raises(BadInput) as caught:
        read(*arguments, **options)
    return caught.value


@pytest.mark.parametrize("number", [0, 1, 7, 2**31 - 1])
def test_whole_number(number):
    assert whole_number(program(amount=number), "amount") == number
    assert whole_number(person(amount=f" {number} "), "amount") == number


@pytest.mark.parametrize(
    "request_",
    [
        *[program(), program(amount=None), program(amount="7"), program(amount=True)],
        *[program(amount=7.0), program(amount=-1), program(amount=2**31), program(amount=[7])],
        *[person(), person(amount=""), person(amount="-1"), person(amount="2147483648")],
        *[person(amount="007"), person(amount="1,000"), person(amount="\uff17")],
        person(amount="036000291452"),
    ],
    ids=lambda request: request.body.decode()[-60:],
)
def test_wrong_whole_number_names_its_field(request_):
    error = refusal(whole_number, request_, "amount")
    assert str(error).startswith("The amount must be a whole number from 0 to 2,147,483,647, but")
    assert error.field == "amount"


def test_a_body_is_read_once():
    request = program(quantity=3, reference="7")
    assert strictly_read(request) is strictly_read(request)
    assert (whole_number(request, "quantity"), text(request, "reference", 5)) == (3, "7")


def test_whole_number_from_one():
    assert whole_number(program(amount=1), "amount", 1) == 1
    assert "from 1 to" in str(refusal(whole_number, program(amount=0), "amount", 1))


@pytest.mark.parametrize("sent", [program, person])
def test_text(sent):
    assert text(sent(reason="  broken glass "), "reason", 200) == "broken glass"
    assert text(sent(reason="cafe\u0301"), "reason", 4) == "caf\u00e9"
    assert text(sent(), "reason", 200, default="none") == "none"
    assert text(sent(reason=" "), "reason", 200, default="none") == "none"


@pytest.mark.parametrize(
    ("request_", "problem"),
    [
        (program(), "is missing"),
        (program(reason=None), "is missing"),
        (program(reason=5), "is no text"),
        (program(reason=["x"]), "is no text"),
        (person(reason=" "), "has 0 characters"),
        (person(reason="x" * 201), "has 201 characters"),
        (program(reason="a\nb"), "has a character that cannot be seen"),
    ],
)
def test_wrong_text_names_its_field(request_, problem):
    error = refusal(text, request_, "reason", 200)
    assert str(error) == f"The reason {problem}: it has 1 to 200 visible characters."
    assert error.field == "reason"


def test_wrong_text_is_wrong_where_it_may_be_left_out_too():
    assert refusal(text, program(reason=5), "reason", 200, default="").field == "reason"
    assert refusal(text, person(reason="\u3164"), "reason", 200, default="").field == "reason"


def test_nothing_that_is_not_drawn_is_taken():
    ignorable = [one for first, last in DEFAULT_IGNORABLE for one in range(first, last + 1)]
    taken = [hex(one) for one in ignorable + DRAWN_AS_A_BLANK if is_visible(f"abc{chr(one)}")]
    assert taken == []


def test_no_blank_but_the_space_is_taken():
    everything = map(chr, range(sys.maxunicode + 1))
    blanks = [one for one in everything if one.isspace() or unicodedata.category(one) == "Zs"]
    assert len(blanks) > 20
    assert [one for one in blanks if is_visible(f"a{one}b")] == [" "]


def test_what_looks_the_same_on_a_page_is_the_same():
    assert visible("a b", "name", 64) == "a b"
    assert "has two spaces in a row" in str(refusal(visible, "a  b", "name", 64))
    assert visible("\u212b", "name", 64) == visible("A\u030a", "name", 64) == "\u00c5"


def test_letters_of_all_scripts_are_taken():
    for word in (
        "Größe 5",
        "日本語",
        "ひらがな",
        "한글",
        "ភាសាខ្មែរ",
        "العربية",
        "हिन्दी",
        "🚚",
        "Ⅷ",
    ):
        assert visible(word, "name", 64) == unicodedata.normalize("NFC", word)
