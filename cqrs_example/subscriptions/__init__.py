"""Subscriptions: projections and policies that hear of events after the commit, in workers.

A *subscription* is an entry of `PROJECTIONS` or `POLICIES` that `settings.SUBSCRIPTIONS` names. Its
*checkpoint* is a row that says up to which position of the log it has heard. The checkpoint moves
in the transaction in which the subscription writes. So each event has its effect exactly once, even
if processes are killed.

    manage.py subscriptions switch      # after each change of SUBSCRIPTIONS
    manage.py run_subscriptions         # the workers
    manage.py subscriptions             # how far each of them is

Workers follow the log, which serves as the outbox: a command writes to no second table, and does
not know of workers.
"""

VERSION = "3"
