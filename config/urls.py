"""The site's addresses."""

from django.contrib import admin
from django.contrib.sitemaps import views as sitemaps
from django.urls import include, path

from chatbot.api.native import api
from chatbot.help_centre import views as help_views
from chatbot.help_centre.documents import EntrySitemap
from config import health

_maps = {"sitemaps": {"help": EntrySitemap}}
urlpatterns = [
    path("livez", health.livez),
    path("readyz", health.readyz),
    path("readyz/<str:part>", health.readyz),
    path("admin/", admin.site.urls),
    path("knowledge/", include("knowledge.urls")),
    path("api/", api.urls),
    path("desk/", include("review.urls")),
    path("help/", include("chatbot.help_centre.urls")),
    path("llms.txt", help_views.llms_txt),
    path("robots.txt", help_views.robots_txt),
    path("sitemap.xml", sitemaps.index, _maps | {"sitemap_url_name": "sitemap"}),
    path("sitemap-<section>.xml", sitemaps.sitemap, _maps, name="sitemap"),
    path("", include("chatbot.urls")),
]
