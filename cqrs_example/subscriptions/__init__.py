"""Subscriptions: projections and policies that hear after the commit, in workers.

A *subscription* is an entry of `PROJECTIONS` or `POLICIES` that `settings.SUBSCRIPTIONS` names. Its
*checkpoint*, a row, says up to which position of the log it has heard; it moves in the transaction
of what the subscription wrote, so each event has its effect once, whatever is killed.

    manage.py subscriptions switch      # after each change of SUBSCRIPTIONS
    manage.py run_subscriptions         # the workers
    manage.py subscriptions             # how far each of them is

Workers follow the log, which is the outbox: commands write to no second table, and know no worker.
"""

VERSION = "3"
