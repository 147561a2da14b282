"""The whole wiring on one page: apps, events, commands, and who hears of events in which order."""

INSTALLED_APPS = [
    # The slices, one per column of the event model.
    "warehouse.increase_product_quantity",
    "warehouse.ship_product_quantity",
    "warehouse.count_product_quantity",
    "warehouse.documents",
    "warehouse.undo_product_change",
    "warehouse.products",
    "warehouse.product_history",
    "warehouse.activity",
    "warehouse.shipping_report",
    "warehouse.import_stock",
    "warehouse.low_product_quantity_notification",
    "warehouse.low_stock",
    # The building blocks.
    "cqrs_example.eventstore",
    "cqrs_example.messaging",
    "cqrs_example.projections",
    "cqrs_example.subscriptions",
    "cqrs_example.inspection",
    "cqrs_example.access",
    "cqrs_example.operations",
    "cqrs_example.event_model",
    "cqrs_example.telemetry",
    # Apps of others.
    "axes",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]

# The modules that define the events. An event whose type they lack could not be read.
EVENTS = ["warehouse.events"]

# The handlers of all commands. The signature of each says which events it records.
COMMANDS: list[str] = [
    "warehouse.increase_product_quantity.command.handle",
    "warehouse.import_stock.command.handle",
    "warehouse.ship_product_quantity.command.handle",
    "warehouse.count_product_quantity.command.handle",
    "warehouse.documents.command.receive_delivery",
    "warehouse.documents.command.ship_order",
    "warehouse.documents.command.count_shelf",
    "warehouse.undo_product_change.command.handle",
    "warehouse.low_product_quantity_notification.command.handle",
]

# Projections, which write the read models, by name: they hear in this order, inside the command's
# transaction. The signature of each `project` says which events it hears.
PROJECTIONS: dict[str, str] = {
    "products": "warehouse.products.projection",
    "low_product_quantity_notification": "warehouse.low_product_quantity_notification.projection",
    "low_stock": "warehouse.low_stock.projection",
    "shipping_report": "warehouse.shipping_report.projection",
}

POLICIES: dict[str, str] = {
    # "Whenever this event, then that command": heard after the projections, in this order.
    "notify_low_product_quantity": "warehouse.low_product_quantity_notification.policy.notify",
}

# Names of projections and policies that hear after the commit instead, in workers: `manage.py
# run_subscriptions`. After a change of this list: `manage.py subscriptions switch`.
SUBSCRIPTIONS: list[str] = []

# Context managers around each command. The first lets no command begin if SUBSCRIPTIONS and the
# database disagree; the second keeps commands that are refused or fail for a while.
AROUND_COMMANDS: list[str] = [
    "cqrs_example.agreement.agreed",
    "cqrs_example.inspection.refusals.kept",
]

# Context managers around each call of a projection or policy, and around each delivery of a worker.
# `base.py` adds traces and metrics to all three lists, if their libraries are installed. With
# "cqrs_example.inspection.timings.timed" in AROUND_HANDLERS the admin shows how long calls took.
AROUND_HANDLERS: list[str] = []
AROUND_DELIVERIES: list[str] = []

# The permission that each view needs, such as access.increase, unless OPEN_MODE is on.
PERMISSIONS: dict[str, str] = {
    "increase": "warehouse.increase_product_quantity.views.increase",
    "ship": "warehouse.ship_product_quantity.views.ship",
    "count": "warehouse.count_product_quantity.views.count",
    "receive_delivery": "warehouse.documents.views.receive_delivery",
    "ship_order": "warehouse.documents.views.ship_order",
    "count_shelf": "warehouse.documents.views.count_shelf",
    "import": "warehouse.import_stock.views.import_stock",
    "undo": "warehouse.undo_product_change.views.undo",
}

# The functions that check the rules of the domain for `manage.py verify`.
INVARIANTS = {
    "stock": "warehouse.invariants.stock",
    "product_streams": "warehouse.invariants.product_streams",
    "undone": "warehouse.undo_product_change.invariants.undone",
    "stock_list": "warehouse.products.invariants.stock_list",
    "low_products": "warehouse.low_stock.invariants.low_products",
    "notification_streams": "warehouse.low_product_quantity_notification.invariants.streams",
    "notified": "warehouse.low_product_quantity_notification.invariants.notified",
}
