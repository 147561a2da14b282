from django.urls import re_path

from .views import ship_quantity

urlpatterns = [
    # Any character, so that a line break too is refused with a reason instead of not found.
    re_path(
        r"^products/(?P<sku>[\s\S]+)/ship_quantity\Z",
        ship_quantity,
        name="ship_product_quantity",
    ),
]
