from django.urls import path

from .views import low_stock

urlpatterns = [path("low_stock", low_stock, name="low_stock")]
