"""The site's addresses."""

from django.contrib import admin
from django.urls import include, path

from chatbot.api.native import api
from config import health

urlpatterns = [
    path("livez", health.livez),
    path("readyz", health.readyz),
    path("readyz/<str:part>", health.readyz),
    path("admin/", admin.site.urls),
    path("knowledge/", include("knowledge.urls")),
    path("api/", api.urls),
    path("", include("chatbot.urls")),
]
