"""Structured logs: every line carries its event, level, time and request id, as JSON or, for people, as plain text."""

from typing import Any

import structlog

SHARED_PROCESSORS: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
    structlog.processors.UnicodeDecoder(),
]


# Chroma's client and the model's client log every call at INFO: noise, and visitors' words. Of a task Celery says what
# django-structlog says too.
QUIET = ("httpx", "httpx2", "chromadb", "openai", "kombu", "celery.worker.strategy", "celery.app.trace", "celery.beat")


def logging_config(*, log_format: str, level: str) -> dict[str, Any]:
    """Build Django's LOGGING for `log_format` "plain" or "json" and set up structlog to write through it."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *SHARED_PROCESSORS,
            structlog.processors.format_exc_info,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0)
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "main": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
                "foreign_pre_chain": [*SHARED_PROCESSORS, structlog.processors.format_exc_info],
            }
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "main"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            **{name: {"level": "WARNING"} for name in QUIET},
            # On a person's screen the worker's every look, twice a minute, would bury the rest.
            "django_structlog.celery": {"level": "WARNING" if log_format == "plain" else "INFO"},
            "django.server": {"handlers": ["console"], "propagate": False},
        },
    }
