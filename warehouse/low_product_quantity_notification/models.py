from django.db import models


class LowProductQuantityNotification(models.Model):
    """An item of the to-do list: opened when few are left, closed by the notification."""

    opened_by = models.UUIDField(primary_key=True)  # the id of the event that left few
    sku = models.TextField("SKU", db_collation="C")
    quantity = models.BigIntegerField()
    requested_at = models.DateTimeField()
    notified_at = models.DateTimeField(null=True)

    class Meta:
        # Open ones first: NULL comes before the latest.
        indexes = [
            models.Index(fields=["-notified_at", "-requested_at"], name="warehouse_low_todo")
        ]

    def __str__(self) -> str:
        return f"{self.sku}: {self.quantity:,}"
