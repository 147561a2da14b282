from django.urls import path

from . import exposition

urlpatterns = [path("metrics", exposition.metrics)]
