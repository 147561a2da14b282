from django.db import models


class Customer(models.Model):
    number = models.TextField(primary_key=True)
    name = models.TextField()

    class Meta:
        app_label = "shop"
