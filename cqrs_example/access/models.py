from django.conf import settings
from django.db import models


class Token(models.Model):
    """What a program sends instead of a password; it may do what its account may.

    Only the digest is kept: who reads the table cannot send anything. To revoke it, delete it.
    """

    name = models.CharField(max_length=64, unique=True)
    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
