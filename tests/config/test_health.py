"""What `/livez` and `/readyz` say, above all when something is not well."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from config import health
from config.health import PartDownError, Probe, examine
from knowledge.models import Lease, StoreHealth

NAMES = ["database", "broker", "worker", "chroma", "embedding"]


@pytest.fixture(autouse=True)
def _forget_what_was_asked() -> Iterator[None]:
    health._asked.clear()
    yield
    health._asked.clear()


def fail(error: Exception) -> Callable[[], str]:
    def look() -> str:
        raise error

    return look


def state(name: str, look: Callable[[], str]) -> dict[str, str]:
    return examine({name: Probe(look, "It does not work.")})[name]


def test_livez_answers_without_a_database(client: Client) -> None:
    reply = client.get("/livez")
    assert (reply.status_code, reply.content) == (200, b"ok")


@pytest.mark.parametrize("path", ["/livez", "/readyz/nothing"])
def test_health_is_asked_for_by_http_on_this_machine_whatever_the_site_is(
    client: Client, settings: Settings, path: str
) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/").status_code == 301
    assert client.get(path, headers={"Host": "localhost"}).status_code in (200, 404)


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_the_pages_cannot_be_posted_to_and_are_not_cached(client: Client, path: str) -> None:
    assert client.post(path).status_code == 405
    assert "no-store" in client.get("/livez")["Cache-Control"]


@pytest.mark.django_db(transaction=True)
def test_readyz_names_every_part_and_is_503_as_long_as_one_is_down(client: Client, settings: Settings) -> None:
    settings.CHROMA_URL = "http://127.0.0.1:9"
    reply = client.get("/readyz")
    assert reply.status_code == 503
    assert list(reply.json()["parts"]) == NAMES
    assert reply.json()["parts"]["chroma"] == {"state": "down", "detail": health.PROBES["chroma"].trouble}
    assert reply.json()["parts"]["database"]["state"] == "ok"


@pytest.mark.django_db(transaction=True)
def test_one_part_can_be_asked_for_alone(client: Client) -> None:
    assert client.get("/readyz/embedding").json()["ready"] is True
    assert client.get("/readyz/nothing").status_code == 404


def test_all_well_is_200(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "PROBES", {"cellar": Probe(lambda: "Dry.", "")})
    reply = client.get("/readyz")
    assert reply.status_code == 200
    assert reply.json() == {"ready": True, "parts": {"cellar": {"state": "ok", "detail": "Dry."}}}


def test_a_part_that_hangs_costs_two_seconds_and_one_thread() -> None:
    release = threading.Event()
    calls = []

    def hang() -> str:
        calls.append(1)
        release.wait(20)
        return "late"

    began = time.monotonic()
    assert state("slow", hang) == {"state": "down", "detail": "No answer within 2 seconds."}
    assert state("slow", hang)["state"] == "down"
    assert time.monotonic() - began < 5
    assert len(calls) == 1
    release.set()


def test_a_part_is_asked_once_a_second_at_most() -> None:
    numbers = count()
    answers = {state("dear", lambda: str(next(numbers)))["detail"] for _ in range(3)}
    assert answers == {"0"}


def test_an_errors_own_words_stay_in_the_log() -> None:
    assert state("leaky", fail(RuntimeError("redis://:s3cret@host")))["detail"] == "It does not work."
    assert state("plain", fail(PartDownError("It is out of paper.")))["detail"] == "It is out of paper."


@pytest.mark.django_db
@pytest.mark.parametrize(("age", "down"), [(10, False), (100, True)])
def test_a_worker_is_down_when_it_has_not_reported_for_a_minute_and_a_half(age: int, down: bool) -> None:
    StoreHealth.objects.create(worker_seen_at=timezone.now() - timedelta(seconds=age))
    if down:
        with pytest.raises(PartDownError, match="100 seconds ago"):
            health._look_at_worker()
    else:
        assert "10 seconds ago" in health._look_at_worker()


@pytest.mark.django_db
def test_a_worker_that_never_reported_is_down() -> None:
    with pytest.raises(PartDownError, match="No worker has reported yet"):
        health._look_at_worker()


@pytest.mark.django_db
def test_a_worker_at_a_long_piece_of_work_is_well() -> None:
    now = timezone.now()
    StoreHealth.objects.create(worker_seen_at=now - timedelta(minutes=10))
    Lease.objects.create(
        name="index", holder="7f0c1c1e-0000-4000-8000-000000000000", expires_at=now + timedelta(seconds=9)
    )
    assert "being written" in health._look_at_worker()


@pytest.mark.django_db
def test_a_chroma_that_answers_but_lies_is_down(
    monkeypatch: pytest.MonkeyPatch, chroma_url: str, settings: Settings
) -> None:
    settings.CHROMA_URL = chroma_url
    StoreHealth.objects.create(state=StoreHealth.State.REBUILDING)
    with pytest.raises(PartDownError, match="Being rebuilt from the database"):
        health._look_at_chroma()


def test_a_redis_that_works_is_named_without_its_password(redis_url: str, settings: Settings) -> None:
    settings.REDIS_URL = redis_url
    assert health._look_at_broker() == "Redis on 127.0.0.1 answers."
