"""Settings, addresses and processes: what the apps are composed into, and nothing of their own work."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
