"""Register the log and the read models with Django's admin; the classes are in `model_admins`.

A project's own admin of a read model may extend `model_admins.ReadModelAdmin`.
"""

from django.conf import settings
from django.contrib import admin

from ..eventstore.models import StoredEvent
from .model_admins import EventAdmin, ReadModelAdmin, RefusedCommandAdmin, RunAdmin
from .models import RefusedCommand
from .running import run_model
from .statistics import projection_models

admin.site.register(StoredEvent, EventAdmin)
admin.site.register(RefusedCommand, RefusedCommandAdmin)
if (runs := run_model()) and not admin.site.is_registered(runs):
    admin.site.register(runs, RunAdmin)
# A project that has named its admin itself keeps that name.
title = getattr(settings, "ADMIN_TITLE", "Administration")
for name in ("site_header", "site_title"):
    if getattr(admin.site, name) == getattr(admin.AdminSite, name):
        setattr(admin.site, name, title)
# Templates with the names of the admin's own would be found only if INSTALLED_APPS had this app
# before the admin.
admin.site.index_template = admin.site.index_template or "inspection/index.html"
admin.site.login_template = admin.site.login_template or "inspection/login.html"
# The admins of all other apps come first, so that a read model with an admin of its own keeps it.
admin.autodiscover()
for name, models in projection_models().items():
    for model in models:
        if not admin.site.is_registered(model):
            admin.site.register(model, ReadModelAdmin, projection=name)
