import logging
from dataclasses import dataclass
from functools import partial

from cqrs_example.eventstore import RecordedEvent
from cqrs_example.messaging import Transaction
from warehouse.events import NotifiedLowProductQuantity, low_product_quantity_notification_stream

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class NotifyLowProductQuantity:
    sku: str
    quantity_on_hand: int


def handle(
    tx: Transaction, command: NotifyLowProductQuantity
) -> list[RecordedEvent[NotifiedLowProductQuantity]]:
    [notifications] = tx.lock(low_product_quantity_notification_stream(command.sku))
    # The warning is logged after the commit: a rollback must not have warned, and a retry must not
    # warn twice. So it is logged at most once: if the process dies after the commit, the
    # notification is recorded, but nobody was warned. A message that must be sent for certain, such
    # as a mail, needs a subscription: docs/subscriptions.md, "Sent for certain".
    warning = f"Low quantity of product {command.sku}! {command.quantity_on_hand} remaining."
    tx.on_commit(partial(logger.warning, "%s", warning))
    notified = NotifiedLowProductQuantity(command.sku, command.quantity_on_hand)
    return tx.append(notifications, [notified])
