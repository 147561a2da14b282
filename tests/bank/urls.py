"""Every address of the bank, beside those that belong to blocks."""

from django.contrib import admin
from django.urls import include, path

from cqrs_example import health
from cqrs_example.home import home
from cqrs_example.openapi import openapi

from . import views

handler400 = "cqrs_example.errors.bad_request"
handler403 = "cqrs_example.errors.forbidden"
handler404 = "cqrs_example.errors.not_found"
handler500 = "cqrs_example.errors.server_error"

urlpatterns = [
    path("", home, name="home"),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("openapi.json", openapi),
    path("", include("cqrs_example.access.urls")),
    path("accounts", views.accounts, name="accounts"),
    path("accounts/<str:account>", views.account, name="account"),
    path("accounts/<str:account>/deposit", views.deposit, name="deposit"),
    path("accounts/<str:account>/withdraw", views.withdraw, name="withdraw"),
    path("low_balances", views.low_balances, name="low_balances"),
    path("admin/", admin.site.urls),
]
