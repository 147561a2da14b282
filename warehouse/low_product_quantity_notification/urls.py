from django.urls import path

from .views import notifications

address = "low_product_quantity_notifications"
urlpatterns = [path(address, notifications, name=address)]
