"""What was said: the desk at which staff read conversations and make the knowledge better."""

from django.apps import AppConfig


class ReviewConfig(AppConfig):
    name = "review"
    verbose_name = "Desk"
