"""A process whose settings say otherwise than the database who delivers carries out no command."""

import pytest
from django.core.management.base import SystemCheckError

from cqrs_example import agreement
from cqrs_example.eventstore import read_all
from cqrs_example.messaging import execute
from cqrs_example.subscriptions.switching import switch

from .bank.commands import Deposit, deposit

pytestmark = [pytest.mark.usefixtures("bank"), pytest.mark.django_db(transaction=True)]
AGREED = "cqrs_example.agreement.agreed"


@pytest.fixture(autouse=True)
def new_process():
    """What was agreed before in this one is forgotten."""
    agreement._require.cache_clear()


def test_a_worker_would_deliver_it_or_nobody(settings):
    [name, *_] = settings.PROJECTIONS
    settings.AROUND_COMMANDS = [AGREED]
    settings.SUBSCRIPTIONS = [name]
    with pytest.raises(SystemCheckError, match=rf"leaves {name} to a worker, but the database to"):
        execute(deposit, Deposit("ann", 1))
    assert list(read_all()) == []
    switch()
    assert len(execute(deposit, Deposit("ann", 1))) == 1


def test_the_transaction_and_a_worker_would_deliver_it(settings):
    name = list(settings.PROJECTIONS)[-1]
    settings.SUBSCRIPTIONS = [name]
    switch()
    settings.SUBSCRIPTIONS = []
    settings.AROUND_COMMANDS = [AGREED]
    with pytest.raises(SystemCheckError, match=rf"leaves {name} to the transaction, but the data"):
        execute(deposit, Deposit("ann", 1))
    assert list(read_all()) == []
