from django.db import models


class Account(models.Model):
    """What is in an account: a row that each event sets."""

    account = models.TextField(primary_key=True, db_collation="C")
    amount = models.BigIntegerField()
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(amount__gte=0), name="bank_not_negative")
        ]

    def __str__(self) -> str:
        return self.account


class LowBalance(models.Model):
    """To be warned of: opened by a withdrawal, closed by the warning that it caused."""

    withdrawal = models.UUIDField(primary_key=True)
    account = models.TextField(db_collation="C")
    amount = models.BigIntegerField()
    requested_at = models.DateTimeField()
    warned_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.account}: {self.amount}"


class DayOfWithdrawals(models.Model):
    """What was withdrawn on a day: a row that is added to, under a number of the database's."""

    account = models.TextField(db_collation="C")
    day = models.DateField()
    amount = models.BigIntegerField()
    withdrawals = models.IntegerField()

    class Meta:
        verbose_name, verbose_name_plural = "day of withdrawals", "days of withdrawals"
        constraints = [models.UniqueConstraint(fields=["account", "day"], name="bank_one_a_day")]

    def __str__(self) -> str:
        return f"{self.day} {self.account}: {self.amount}"
