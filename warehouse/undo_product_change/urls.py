from django.urls import path

from .views import undo

urlpatterns = [path("products/<sku:sku>/undo", undo, name="undo_product_change")]
