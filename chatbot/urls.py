"""The chat's addresses."""

from django.urls import path

from chatbot import views
from chatbot.api import compatible

app_name = "chatbot"
urlpatterns = [
    path("", views.home, name="home"),
    path("a/<str:key>/", views.chat, name="chat"),
    path("a/<str:key>/ask/", views.ask, name="ask"),
    path("a/<str:key>/start-over/", views.start_over, name="start_over"),
    path("replies/<str:ticket>/", views.reply, name="reply"),
    path("replies/<str:ticket>/stream/", views.stream, name="stream"),
    path("replies/<str:ticket>/stop/", views.stop, name="stop"),
    path("messages/<uuid:reply_id>/feedback/", views.feedback, name="feedback"),
    path("sources/<uuid:citation_id>/", views.source, name="source"),
    path("cited/<str:ticket>/", views.cited, name="cited"),
    path("v1/models", compatible.models, name="v1_models"),
    path("v1/models/<str:name>", compatible.model, name="v1_model"),
    path("v1/chat/completions", compatible.chat_completions, name="v1_chat_completions"),
]
