from django.contrib import admin
from django.urls import path

from shop.api import Orders

urlpatterns = [path("backstage/", admin.site.urls), path("api/orders", Orders.as_view())]
