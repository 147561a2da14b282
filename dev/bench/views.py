"""What a command's view is compared with: views in the same server that do less."""

import json
from typing import Any
from uuid import uuid4

from django.apps import apps
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.utils.timezone import now
from django.views.decorators.csrf import csrf_exempt

from cqrs_example.eventstore.models import StoredEvent


@csrf_exempt
def nothing(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


@csrf_exempt
def select_one(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()
    return HttpResponse()


@csrf_exempt
def with_orm(request: HttpRequest, sku: str) -> HttpResponse:
    increase_with_orm(sku, json.loads(request.body)["quantity"])
    return HttpResponse()


def increase_with_orm(sku: str, quantity: int) -> None:
    """The same as the command, as one would write it with the ORM: a locked row, and a log."""
    # By name, and of no type that the type checker would look for: the slice may have been removed.
    products: Any = apps.get_app_config("warehouse_products").get_model("Product")._default_manager
    with transaction.atomic():
        product, _ = products.select_for_update().get_or_create(
            sku=sku, defaults={"quantity": 0, "changed_at": now()}
        )
        stream = StoredEvent.objects.filter(stream=f"product-{sku}").order_by("-version")
        last = stream.first()
        product.quantity += quantity
        product.changed_at = now()
        event_id = uuid4()
        StoredEvent.objects.create(
            event_id=event_id,
            stream=f"product-{sku}",
            version=(last.version if last else 0) + 1,
            type="warehouse.ProductQuantityIncreased",
            schema_version=1,
            data={"sku": sku, "quantity": quantity, "quantity_on_hand": product.quantity},
            correlation_id=event_id,
            causation_id=event_id,
            metadata={"actor": "anonymous", "request": {}, "command": {"name": "Increase"}},
            recorded_at=product.changed_at,
            occurred_at=product.changed_at,
        )
        product.save()
