"""`/livez`: this process answers. `/readyz`: everything the product needs is there, each part named with its state.

A load balancer watches the first: visitors are still answered while Chroma or the worker is away. People and monitors
watch the second. A room of its own because it looks at all parts and belongs to none.
"""

import os
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

import redis
import structlog
from django.conf import settings
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from knowledge.embedding import get_embedder
from knowledge.models import Lease, StoreHealth
from knowledge.selectors import store_health
from knowledge.vector_store import get_store

log = structlog.get_logger(__name__)
LIMIT_S = 2.0
# However often the page is asked for: an embedding may cost money.
ASK_EVERY_S = 1.0


class PartDownError(Exception):
    """A part is not well; the text says so in plain words and holds no secret."""


@require_safe
@never_cache
def livez(_request: HttpRequest) -> HttpResponse:
    """200 as long as this process answers at all."""
    return HttpResponse("ok", content_type="text/plain")


@require_safe
@never_cache
def readyz(_request: HttpRequest, part: str = "") -> JsonResponse:
    """200 if every part (or the one named) is well, else 503; answers within about two seconds either way."""
    if part and part not in PROBES:
        raise Http404
    parts = examine({part: PROBES[part]} if part else PROBES)
    ready = all(part["state"] == "ok" for part in parts.values())
    return JsonResponse({"ready": ready, "parts": parts}, status=200 if ready else 503, json_dumps_params={"indent": 2})


@dataclass(frozen=True)
class Probe:
    """Looks at one part and says how it is; `trouble` is what to say of any error but PartDownError."""

    look: Callable[[], str]
    trouble: str


def examine(probes: Mapping[str, Probe]) -> dict[str, dict[str, str]]:
    """Ask all at once, give them two seconds together, and return each one's "state" (ok or down) and "detail"."""
    asked = {name: _ask(name, probe.look) for name, probe in probes.items()}
    wait(asked.values(), timeout=LIMIT_S)
    return {name: _result(name, probes[name], future) for name, future in asked.items()}


_threads = ThreadPoolExecutor(thread_name_prefix="readyz")
_asked: dict[str, tuple[float, Future[str]]] = {}


def _ask(name: str, look: Callable[[], str]) -> Future[str]:
    """Do not ask again who still owes an answer: a part that hangs holds one thread and not ever more."""
    asked_at, future = _asked.get(name, (0.0, None))
    now = time.monotonic()
    if future is None or (future.done() and now - asked_at > ASK_EVERY_S):
        future = _threads.submit(_closing_connection, look)
        _asked[name] = (now, future)
    return future


def _closing_connection(look: Callable[[], str]) -> str:
    try:
        return look()
    finally:
        connection.close()


def _result(name: str, probe: Probe, future: Future[str]) -> dict[str, str]:
    if not future.done():
        return {"state": "down", "detail": f"No answer within {LIMIT_S:g} seconds."}
    error = future.exception()
    if error is None:
        return {"state": "ok", "detail": future.result()}
    if isinstance(error, PartDownError):
        return {"state": "down", "detail": str(error)}
    # For the log only: an error's own words may hold an address with its password.
    log.warning("part_down", part=name, reason=repr(error)[:500])
    return {"state": "down", "detail": probe.trouble}


def _look_at_database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return f"{connection.display_name} answers."


def _look_at_broker() -> str:
    if settings.REDIS_URL:
        limits = {"socket_timeout": LIMIT_S / 2, "socket_connect_timeout": LIMIT_S / 2}
        with redis.Redis.from_url(settings.REDIS_URL, **limits) as client:
            client.ping()
        return f"Redis on {urlsplit(settings.REDIS_URL).hostname} answers."
    folder = settings.BROKER_DIR
    if not os.access(folder if folder.exists() else folder.parent, os.W_OK):
        raise PartDownError("The folder of the file broker cannot be written to. See who owns DATA_DIR.")
    return "The folder of the file broker can be written to."


def _look_at_worker() -> str:
    health = store_health()
    if health is None:
        raise PartDownError("No worker has reported yet. Is one running? (celery -A config worker -B)")
    silence = timezone.now() - health.worker_seen_at
    if Lease.objects.filter(holder__isnull=False, expires_at__gt=timezone.now()).exists():
        return "The index is being written."
    if silence > timedelta(seconds=settings.WORKER_SILENCE_S):
        raise PartDownError(f"The worker was last seen {silence.total_seconds():.0f} seconds ago. Is it running?")
    return f"The worker was seen {silence.total_seconds():.0f} seconds ago."


def _look_at_chroma() -> str:
    get_store().names()
    health = store_health()
    if health is not None and health.state != StoreHealth.State.OK:
        raise PartDownError(f"Chroma answers, but the worker reports of it: {health.get_state_display()}.")
    return "Chroma answers."


def _look_at_embedding() -> str:
    embedder = get_embedder()
    embedder.embed_one("ready?")
    return f"{embedder.name} works."


PROBES = {
    "database": Probe(_look_at_database, "The database does not answer. Is it running, and is DATABASE_URL right?"),
    "broker": Probe(_look_at_broker, "Redis does not answer. Is it running, and is REDIS_URL right?"),
    "worker": Probe(_look_at_worker, "Not known, for the database does not answer."),
    "chroma": Probe(_look_at_chroma, "Chroma does not answer. Is it running, and is CHROMA_URL right?"),
    "embedding": Probe(_look_at_embedding, "The embedding model does not work. The log says why."),
}
