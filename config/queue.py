"""Celery's settings under Celery's names: brokers, limits, the clock.

A room of its own because Celery must read them at its first use and no sooner, when Django's settings are there.
"""

from typing import Any

from celery.schedules import crontab
from django.conf import settings

# A task that runs longer is killed and, as it was not acknowledged, run again.
TIME_LIMIT_S = 1_800


def _transport_options() -> dict[str, Any]:
    if settings.REDIS_URL:
        # A hung Redis must cost an editor a second, not a minute; what a worker does not acknowledge comes back.
        return {
            "visibility_timeout": TIME_LIMIT_S * 2,
            "socket_timeout": 1.0,
            "socket_connect_timeout": 1.0,
            "max_retries": 0,
        }
    return {"folder": str(settings.BROKER_DIR), "polling_interval": 0.1}


broker_url = settings.CELERY_BROKER_URL
broker_transport_options = _transport_options()
broker_connection_retry_on_startup = True
task_ignore_result = True
task_acks_late = True
task_reject_on_worker_lost = True
task_time_limit = TIME_LIMIT_S
task_publish_retry = False
worker_prefetch_multiplier = 1
worker_hijack_root_logger = False
# Nobody asks a worker anything over the broker: what it did stands in the database.
worker_enable_remote_control = False
timezone = "UTC"
beat_schedule_filename = str(settings.DATA_DIR / "beat-schedule")
beat_schedule = {
    "tend-index": {
        "task": "knowledge.tasks.tend_index",
        "schedule": settings.WORKER_INTERVAL_S,
        "options": {"expires": settings.WORKER_INTERVAL_S},
    },
    "look-at-the-whole-index": {
        "task": "knowledge.tasks.tend_index",
        "schedule": 86_400.0,
        "kwargs": {"full": True},
    },
    "fail-stale-replies": {
        "task": "chatbot.tasks.fail_stale_replies",
        "schedule": 30.0,
        "options": {"expires": 30},
    },
    "collect-questions": {
        "task": "review.tasks.collect_questions",
        "schedule": 10.0,
        "options": {"expires": 10},
    },
    "check-golden-questions": {
        "task": "review.tasks.check_golden_questions",
        "schedule": crontab(hour=3, minute=10),
    },
    "delete-expired-conversations": {
        "task": "review.tasks.delete_expired_conversations",
        "schedule": crontab(hour=4, minute=20),
    },
    "deliver-contacts": {
        "task": "chatbot.tasks.deliver_contacts",
        "schedule": 30.0,
        "options": {"expires": 30},
    },
}
