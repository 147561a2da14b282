from django.db import models


class DayOfShipping(models.Model):
    """How much of a product was shipped on a day (in UTC)."""

    sku = models.TextField("SKU", db_collation="C")
    day = models.DateField()
    quantity = models.BigIntegerField()
    shipments = models.IntegerField()

    class Meta:
        verbose_name, verbose_name_plural = "day of shipping", "days of shipping"
        constraints = [
            models.UniqueConstraint(fields=["sku", "day"], name="warehouse_shipping_report_one")
        ]
        indexes = [models.Index(fields=["-day", "sku"], name="warehouse_shipping_report_page")]

    def __str__(self) -> str:
        return f"{self.day} {self.sku}: {self.quantity:,}"

    @property
    def key(self) -> str:
        """The key of this row, for the addresses of pages."""
        return f"{self.day}/{self.sku}"
