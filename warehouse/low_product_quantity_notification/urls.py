from django.urls import path

from .views import notifications

urlpatterns = [
    path(
        "low_product_quantity_notifications",
        notifications,
        name="low_product_quantity_notifications",
    ),
]
