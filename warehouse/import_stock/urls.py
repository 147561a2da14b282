from django.urls import path

from .views import import_stock

urlpatterns = [path("import_stock", import_stock, name="import_stock")]
