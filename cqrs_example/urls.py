"""Every address: one line for each slice."""

from django.contrib import admin
from django.urls import include, path

from . import health
from .home import home
from .openapi import openapi
from .time_zone import time_zone

handler400 = "cqrs_example.errors.bad_request"
handler403 = "cqrs_example.errors.forbidden"
handler404 = "cqrs_example.errors.not_found"
handler500 = "cqrs_example.errors.server_error"

# Django tries one after the other: what programs ask for all the time comes first.
urlpatterns = [
    path("warehouse/", include("warehouse.increase_product_quantity.urls")),
    path("warehouse/", include("warehouse.ship_product_quantity.urls")),
    path("warehouse/", include("warehouse.count_product_quantity.urls")),
    path("warehouse/", include("warehouse.documents.urls")),
    path("warehouse/", include("warehouse.import_stock.urls")),
    path("warehouse/", include("warehouse.undo_product_change.urls")),
    path("warehouse/", include("warehouse.products.urls")),
    path("warehouse/", include("warehouse.product_history.urls")),
    path("warehouse/", include("warehouse.activity.urls")),
    path("warehouse/", include("warehouse.shipping_report.urls")),
    path("warehouse/", include("warehouse.low_stock.urls")),
    path("warehouse/", include("warehouse.low_product_quantity_notification.urls")),
    path("", home, name="home"),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("openapi.json", openapi),
    path("", include("cqrs_example.telemetry.urls")),
    path("time_zone", time_zone, name="time_zone"),
    path("", include("cqrs_example.access.urls")),
    path("", include("cqrs_example.event_model.urls")),
    path("admin/", admin.site.urls),
]
