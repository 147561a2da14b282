from django.db import models


class LowProductQuantityNotification(models.Model):
    """An item of the to-do list: opened by a shipment, closed by the notification."""

    shipment = models.UUIDField(primary_key=True)  # the id of the event
    sku = models.TextField(db_collation="C")
    quantity = models.BigIntegerField()
    requested_at = models.DateTimeField()
    notified_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ("view",)
        indexes = [models.Index(fields=["requested_at"], name="warehouse_low_requested_at")]

    def __str__(self) -> str:
        return f"{self.sku}: {self.quantity}"
