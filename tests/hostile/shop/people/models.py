from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models


class People(BaseUserManager):
    def create_user(self, badge, password=None, **fields):
        person = self.model(badge=badge, **fields)
        person.set_password(password)
        person.save(using=self._db)
        return person

    def create_superuser(self, badge, password=None, **fields):
        return self.create_user(badge, password, is_staff=True, is_superuser=True, **fields)


class Person(AbstractBaseUser, PermissionsMixin):
    """Who logs in with the number of a badge; there is no user name, and no e-mail address."""

    badge = models.CharField(max_length=12, unique=True)
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)

    objects = People()
    USERNAME_FIELD = "badge"


class Receipt(models.Model):
    text = models.TextField()
