from django.urls import include, path

from dev.bench import views

urlpatterns = [
    path("bench/nothing", views.nothing),
    path("bench/select", views.select_one),
    path("bench/orm/<sku>", views.with_orm),
    path("", include("cqrs_example.urls")),
]
