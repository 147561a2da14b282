from django.apps import AppConfig


class BankConfig(AppConfig):
    name = "tests.bank"
    label = "bank"
