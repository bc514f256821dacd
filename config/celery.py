"""The Celery app, and the worker's first look at the index."""

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_ready
from django_structlog.celery.steps import DjangoStructLogInitStep
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
TRANSPORT_ALIASES["files"] = "config.file_broker:Transport"

app = Celery("candor")
app.config_from_object("config.queue")
app.steps["worker"].add(DjangoStructLogInitStep)
app.autodiscover_tasks()


@setup_logging.connect
def _keep_django_logging(**_: Any) -> None:
    """Leave logging as Django configured it."""


@worker_ready.connect
def _look_at_the_index(sender: Any, **_: Any) -> None:
    """Drain what changed while no worker ran, and compare every id once."""
    with sender.app.connection() as connection:
        sender.app.send_task("knowledge.tasks.tend_index", kwargs={"full": True}, connection=connection)
