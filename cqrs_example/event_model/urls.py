from django.urls import path

from .views import live

urlpatterns = [path("event-model", live, name="event_model")]
