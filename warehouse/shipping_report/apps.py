from django.apps import AppConfig


class ShippingReportConfig(AppConfig):
    name = "warehouse.shipping_report"
    label = "warehouse_shipping_report"
    verbose_name = "Shipping Report"
