"""Addresses of the fragments that the admin's pages fetch."""

from django.urls import path

from knowledge import views

app_name = "knowledge"
urlpatterns = [
    path("badges/", views.badge, name="badge"),
    path("entries/<uuid:entry_id>/retry/", views.retry, name="retry"),
    path("preview/", views.preview, name="preview"),
]
