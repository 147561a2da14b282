"""The domain of the tests of the blocks: deposits and withdrawals. No slice is needed for it.

It is small and has what blocks have to cope with: two events of one stream and one of another, an
upcaster, a policy, read models of three kinds, an invariant, views with pages and forms.

    pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bank")]

    def test_something(server):       # gunicorn that serves the bank, and nothing of the warehouse
        server.deposit("ann", 10)
        assert server.balances() == {"ann": 10}

    def test_in_process():            # settings name the bank's events, projections and policies
        execute(deposit, Deposit("ann", 10))

The fixture `bank` is what makes it so: without it a test meets the warehouse. The events are in
`tests.bank.events`, the commands in `tests.bank.commands`, the read models in `tests.bank.models`.
"""
