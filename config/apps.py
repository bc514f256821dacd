"""The configuration as an app of its own, so that its system checks are registered."""

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        from config import checks  # noqa: F401, PLC0415  (registers them; needs loaded settings)
