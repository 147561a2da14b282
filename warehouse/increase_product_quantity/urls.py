from django.urls import re_path

from .views import increase_quantity

urlpatterns = [
    # Any character, so that a line break too is refused with a reason instead of not found.
    re_path(
        r"^products/(?P<sku>[\s\S]+)/increase_quantity\Z",
        increase_quantity,
        name="increase_product_quantity",
    ),
]
