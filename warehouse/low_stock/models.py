from django.db import models


class LowProduct(models.Model):
    """A product of which few are left; its row is deleted when there are enough again."""

    sku = models.TextField("SKU", primary_key=True, db_collation="C")
    quantity = models.BigIntegerField()
    since = models.DateTimeField()
    notified_at = models.DateTimeField(null=True)

    class Meta:
        # Indexes for the orders of the list.
        indexes = [
            models.Index(fields=["quantity", "sku"], name="warehouse_low_stock_quantity"),
            models.Index(fields=["since", "sku"], name="warehouse_low_stock_since"),
        ]

    def __str__(self) -> str:
        return f"{self.sku}: {self.quantity:,}"
