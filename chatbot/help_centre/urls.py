"""The help centre's addresses; every page has a twin in Markdown."""

from django.urls import path

from chatbot.help_centre import views

app_name = "help"
urlpatterns = [
    path("", views.index, name="index"),
    path("c/<str:name>.md", views.category_markdown, name="category_markdown"),
    path("c/<str:name>/", views.category, name="category"),
    path("others/<slug:slug>.md", views.others_markdown, name="others_markdown"),
    path("others/<slug:slug>/", views.others, name="others"),
    path("index.md", views.llms_txt, name="index_markdown"),
    path("<str:slug>.md", views.markdown, name="markdown"),
    path("<str:slug>/", views.entry, name="entry"),
    path("<str:slug>/vote/", views.vote, name="vote"),
]
