"""The read models' pages beside the warehouse, where the settings at the start do not name them."""

from django.conf import settings
from django.contrib import admin

from cqrs_example.inspection.admin import ReadModelAdmin

from . import models

for name, model in {
    "accounts": models.Account,
    "low_balances": models.LowBalance,
    "withdrawals": models.DayOfWithdrawals,
}.items():
    if name not in settings.PROJECTIONS:
        admin.site.register(model, ReadModelAdmin, projection=name)
