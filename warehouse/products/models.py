from django.db import models


class Product(models.Model):
    sku = models.TextField("SKU", primary_key=True, db_collation="C")
    quantity = models.BigIntegerField()
    changed_at = models.DateTimeField()

    class Meta:
        # For the orders of the list. A migration adds one for texts inside of SKUs, if it can.
        indexes = [
            models.Index(fields=["quantity", "sku"], name="warehouse_products_by_quantity"),
            models.Index(fields=["changed_at", "sku"], name="warehouse_products_by_change"),
        ]
        constraints = [
            # The last line of defence: commands refuse before this.
            models.CheckConstraint(
                condition=models.Q(quantity__gte=0), name="warehouse_products_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return self.sku
