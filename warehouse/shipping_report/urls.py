from django.urls import path

from .views import report

urlpatterns = [path("shipping_report", report, name="shipping_report")]
