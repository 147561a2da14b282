import pytest

from cqrs_example.http import BadInput
from warehouse.events import ProductQuantityShipped, isolated
from warehouse.sku import parse_sku


@pytest.mark.parametrize(
    ("text", "sku"),
    [
        ("abc123", "abc123"),
        ("a b", "a b"),
        ("cafe\u0301", "caf\u00e9"),
        ("\u212b", "\u00c5"),
        ("e\u0301" * 64, "\u00e9" * 64),
        ("🚚", "🚚"),
        ("❤", "❤"),
        ("...", "..."),
        ("<&'\">", "<&'\">"),
    ],
)
def test_sku_good(text, sku):
    assert parse_sku(text) == sku
    assert parse_sku(sku) == sku


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "has 0 characters"),
        ("a" * 65, "has 65 characters"),
        ("\u0958" * 33, "has 66 characters"),
        (" a", "begins or ends with a space"),
        ("a ", "begins or ends with a space"),
        ("\u3000a", "begins or ends with a space"),
        (".", 'has a "/" or a "%"'),
        ("..", 'has a "/" or a "%"'),
        ("a/b", 'has a "/" or a "%"'),
        ("a%b", 'has a "/" or a "%"'),
        ("a\0b", "has a character that cannot be seen"),
        ("a\nb", "has a character that cannot be seen"),
        ("a\u009fb", "has a character that cannot be seen"),
        ("a\u200db", "has a character that cannot be seen"),
        ("a\u202eb", "has a character that cannot be seen"),
        ("a\u2028b", "has a character that cannot be seen"),
        ("a\u2029b", "has a character that cannot be seen"),
        ("a\ud800b", "has a character that cannot be seen"),
        ("a\ue000b", "has a character that cannot be seen"),
        ("a\u0378b", "has a character that cannot be seen"),
        ("a\U000e0001b", "has a character that cannot be seen"),
    ],
    ids=ascii,
)
def test_sku_bad(text, reason):
    with pytest.raises(BadInput) as error:
        parse_sku(text)
    assert str(error.value).startswith(f"The SKU {reason}")
    assert str(error.value).endswith(": it has 1 to 64 visible characters.")
    assert error.value.status == 400


def test_sku_that_is_written_from_right_to_left_turns_no_number_round():
    assert isolated("abc-1") == "abc-1"
    assert isolated("\u0645\u0641\u0643-7") == "\u2068\u0645\u0641\u0643-7\u2069"
    shipped = ProductQuantityShipped("\u05d1\u05d5\u05e8\u05d2", 300, 2400, "A-1")
    assert str(shipped) == "Shipped 300 of \u2068\u05d1\u05d5\u05e8\u05d2\u2069, 2,400 left"
