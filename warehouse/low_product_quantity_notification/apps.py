from django.apps import AppConfig


class LowProductQuantityNotificationConfig(AppConfig):
    name = "warehouse.low_product_quantity_notification"
    label = "warehouse_low_product_quantity_notification"
    verbose_name = "Low Product Quantity Notification"
