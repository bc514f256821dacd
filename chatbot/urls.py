"""The chat's addresses: those of our own page under `a/`, those of a website's widget under `embed/`."""

from django.urls import path

from chatbot import views
from chatbot.api import compatible
from chatbot.views.doors import by_embed, by_page

app_name = "chatbot"
urlpatterns = [
    path("", views.home, name="home"),
    path("a/<str:key>/", by_page(views.chat), name="chat"),
    path("a/<str:key>/sample/", by_page(views.sample), name="sample"),
    path("a/<str:key>/ask/", by_page(views.ask), name="ask"),
    path("a/<str:key>/start-over/", by_page(views.start_over), name="start_over"),
    path("a/<str:key>/contact/", by_page(views.contact), name="contact"),
    path("a/<str:key>/delete/", by_page(views.delete), name="delete"),
    path("a/<str:key>/messages/<uuid:reply_id>/feedback/", by_page(views.feedback), name="feedback"),
    path("a/<str:key>/sources/<uuid:citation_id>/", by_page(views.source), name="source"),
    path("embed/<str:key>/", views.panel, name="embed_chat"),
    path("embed/<str:key>/allowed/", views.allowed, name="embed_allowed"),
    path("embed/<str:key>/turns/", by_embed(views.turns), name="embed_turns"),
    path("embed/<str:key>/ask/", by_embed(views.ask), name="embed_ask"),
    path("embed/<str:key>/start-over/", by_embed(views.start_over), name="embed_start_over"),
    path("embed/<str:key>/contact/", by_embed(views.contact), name="embed_contact"),
    path("embed/<str:key>/delete/", by_embed(views.delete), name="embed_delete"),
    path("embed/<str:key>/identify/", by_embed(views.identified), name="embed_identify"),
    path("embed/<str:key>/messages/<uuid:reply_id>/feedback/", by_embed(views.feedback), name="embed_feedback"),
    path("widget.js", views.widget, name="widget"),
    path("look/<str:key>.css", views.look, name="look"),
    path("replies/<str:ticket>/", views.reply, name="reply"),
    path("replies/<str:ticket>/stream/", views.stream, name="stream"),
    path("replies/<str:ticket>/stop/", views.stop, name="stop"),
    path("cited/<str:ticket>/", views.cited, name="cited"),
    path("transcripts/<str:ticket>/", views.download, name="transcript"),
    path("v1/models", compatible.models, name="v1_models"),
    path("v1/models/<str:name>", compatible.model, name="v1_model"),
    path("v1/chat/completions", compatible.chat_completions, name="v1_chat_completions"),
]
