"""`manage.py check --database default` warns where not only a projection decides about its rows."""

import pytest
from django.core.checks import Warning
from django.db import connection

from cqrs_example.projections.checks import check_tables

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bank")]

SWALLOW = """
    CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
    CREATE TRIGGER swallow BEFORE INSERT ON bank_account FOR EACH ROW EXECUTE FUNCTION swallow()
"""
HIDDEN = """
    ALTER TABLE bank_account ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
    CREATE ROLE clerk; GRANT SELECT ON bank_account TO clerk; SET LOCAL ROLE clerk
"""


@pytest.mark.parametrize(
    ("damage", "oddity"),
    [
        ("ALTER TABLE bank_account SET UNLOGGED", "is not logged"),
        ("CREATE RULE none AS ON DELETE TO bank_account DO INSTEAD NOTHING", "has a rule"),
        (SWALLOW, "has a trigger"),
        (HIDDEN, "is under row security"),
    ],
)
def test_table_that_is_not_the_projection_s_alone(damage: str, oddity: str) -> None:
    assert check_tables(["default"]) == []
    with connection.cursor() as cursor:
        cursor.execute(damage)
        [warning] = check_tables(["default"])
        cursor.execute("RESET ROLE")
    assert isinstance(warning, Warning)
    assert warning.msg.startswith(f'The table "bank_account" of the projection accounts {oddity}')


def test_without_the_database_nothing_is_asked() -> None:
    assert check_tables() == []
