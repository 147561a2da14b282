from django.urls import path

from .views import count_shelf, receive_delivery, ship_order

urlpatterns = [
    path("receive_delivery", receive_delivery, name="receive_delivery"),
    path("ship_order", ship_order, name="ship_order"),
    path("count_shelf", count_shelf, name="count_shelf"),
]
