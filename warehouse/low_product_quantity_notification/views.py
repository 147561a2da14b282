from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render

from cqrs_example.http import as_json_list, endpoint, wants_html

from .models import LowProductQuantityNotification


@endpoint("GET", "HEAD")
def notifications(request: HttpRequest) -> HttpResponseBase:
    """Open items first, then the latest."""
    items = LowProductQuantityNotification.objects.order_by("-notified_at", "-requested_at")
    if wants_html(request):
        page = "warehouse/low_product_quantity_notification/notifications.html"
        return render(request, page, {"items": items[:50]})
    return as_json_list(request, items.values("sku", "quantity", "requested_at", "notified_at"))
