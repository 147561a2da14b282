"""What is installed, and who hears what: the whole wiring, in order, on one page."""

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
    # Others'.
    "axes",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]

# Where the event contracts are. The log can be read only as far as these modules know its types.
EVENTS = ["warehouse.events"]

# What can be asked for: the handler of each command says which events it records.
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

# "Whenever this event, then that command": heard after the projections, in this order.
POLICIES: dict[str, str] = {
    "notify_low_product_quantity": "warehouse.low_product_quantity_notification.policy.notify",
}

# Names of projections and policies that hear after the commit instead, in workers: `manage.py
# run_subscriptions`. After a change of this list: `manage.py subscriptions switch`.
SUBSCRIPTIONS: list[str] = []

# What surrounds each command: none is begun where SUBSCRIPTIONS is not what the database says, and
# those that are refused or fail are kept for a while.
AROUND_COMMANDS: list[str] = [
    "cqrs_example.agreement.agreed",
    "cqrs_example.inspection.refusals.kept",
]

# What surrounds each projection and policy that hears, and each delivery of a worker. Where their
# libraries are installed, `base.py` adds traces and metrics to all three. In AROUND_HANDLERS,
# "cqrs_example.inspection.timings.timed" has the admin show how long each took.
AROUND_HANDLERS: list[str] = []
AROUND_DELIVERIES: list[str] = []

# The permission that each view takes, where people log in (access.increase …).
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

# What must hold, whatever happened: `manage.py verify` asks these.
INVARIANTS = {
    "stock": "warehouse.invariants.stock",
    "product_streams": "warehouse.invariants.product_streams",
    "undone": "warehouse.undo_product_change.invariants.undone",
    "stock_list": "warehouse.products.invariants.stock_list",
    "low_products": "warehouse.low_stock.invariants.low_products",
    "notification_streams": "warehouse.low_product_quantity_notification.invariants.streams",
    "notified": "warehouse.low_product_quantity_notification.invariants.notified",
}
