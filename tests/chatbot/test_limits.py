"""How often one may ask: both buckets or neither, in this process and in Redis, and what a visitor is told."""

import threading
import uuid

import pytest
from django.test import AsyncClient, RequestFactory
from pytest_django import Settings

from chatbot import limits
from chatbot.addresses import client_address
from chatbot.limits import Bucket, LimitedError, Memory, take
from chatbot.models import Assistant, Message


@pytest.fixture(autouse=True)
def _limits(settings: Settings) -> None:
    settings.LIMIT_VISITOR_PER_MINUTE, settings.LIMIT_ADDRESS_PER_MINUTE = 3, 5
    limits.memory.forget()


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def refused(visitor: str, address: str) -> int:
    """Seconds to wait; 0 where one may ask."""
    try:
        take(visitor, address)
    except LimitedError as error:
        return error.retry_after_s
    return 0


def test_a_bucket_empties_and_fills_evenly() -> None:
    clock = Clock()
    memory, bucket = Memory(clock), Bucket("a", 6)
    assert [memory.take([bucket]) for _ in range(7)] == [0, 0, 0, 0, 0, 0, pytest.approx(10)]
    clock.now += 10
    assert memory.take([bucket]) == 0
    assert memory.take([bucket]) == pytest.approx(10)
    clock.now += 3_600
    assert [memory.take([bucket]) for _ in range(7)][-2:] == [0, pytest.approx(10)]


def test_who_is_refused_by_one_bucket_takes_nothing_from_the_other() -> None:
    memory = Memory(Clock())
    narrow, wide = Bucket("narrow", 1), Bucket("wide", 3)
    assert [memory.take([narrow, wide]) > 0 for _ in range(5)] == [False, True, True, True, True]
    assert [memory.take([wide]) > 0 for _ in range(3)] == [False, False, True]


def test_the_buckets_of_a_process_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_BUCKETS", 10)
    memory = Memory(Clock())
    for number in range(100):
        memory.take([Bucket(str(number), 1)])
    assert len(memory._kept) == 10


def test_a_visitor_and_an_address_each_have_their_own_limit() -> None:
    assert [refused("ann", "1.1.1.1") for _ in range(4)][:3] == [0, 0, 0]
    assert refused("ann", "2.2.2.2") == 20
    assert [refused(name, "1.1.1.1") for name in ("bob", "cat", "dan")] == [0, 0, 12]


def test_a_limit_of_nought_is_none(settings: Settings) -> None:
    settings.LIMIT_VISITOR_PER_MINUTE = settings.LIMIT_ADDRESS_PER_MINUTE = 0
    assert not any(refused("ann", "1.1.1.1") for _ in range(100))


@pytest.mark.redis
def test_in_redis_all_processes_share_the_buckets(redis_url: str, settings: Settings) -> None:
    settings.REDIS_URL = redis_url
    visitor = uuid.uuid4().hex
    assert [refused(visitor, "") for _ in range(3)] == [0, 0, 0]
    limits.memory.forget()
    assert 15 <= refused(visitor, "") <= 20


@pytest.mark.redis
def test_in_redis_both_buckets_give_or_neither(redis_url: str, settings: Settings) -> None:
    settings.REDIS_URL = redis_url
    address = uuid.uuid4().hex
    assert [refused("eve", address) for _ in range(5)][:3] == [0, 0, 0]
    assert [bool(refused(name, address)) for name in ("fay", "gil", "hal")] == [False, False, True]


@pytest.mark.redis
def test_in_redis_threads_together_get_no_more_than_the_bucket_holds(redis_url: str, settings: Settings) -> None:
    settings.REDIS_URL = redis_url
    visitor, results = uuid.uuid4().hex, []
    threads = [threading.Thread(target=lambda: results.append(refused(visitor, ""))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results.count(0) == 3


def test_without_redis_at_its_address_the_process_counts_alone(settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    assert [bool(refused("ida", "")) for _ in range(4)] == [False, False, False, True]


@pytest.mark.parametrize(
    ("remote", "forwarded", "trusted", "address"),
    [
        ("10.0.0.1", "1.2.3.4", False, "10.0.0.1"),
        ("10.0.0.1", "6.6.6.6, 1.2.3.4", True, "1.2.3.4"),
        ("10.0.0.1", "", True, "10.0.0.1"),
        ("10.0.0.1", "<script>", True, ""),
        ("2001:db8:1:2:3:4:5:6", "", False, "2001:db8:1:2::/64"),
        ("::ffff:1.2.3.4", "", False, "1.2.3.4"),
        ("", "", False, ""),
    ],
)
def test_an_address_is_what_the_proxy_says_and_no_visitor(
    settings: Settings, remote: str, forwarded: str, trusted: bool, address: str
) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if trusted else None
    request = RequestFactory().get("/", REMOTE_ADDR=remote, headers={"X-Forwarded-For": forwarded} if forwarded else {})
    assert client_address(request) == address


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
async def test_who_asks_too_often_is_told_when_and_keeps_the_text(
    assistant: Assistant, headers: dict[str, str]
) -> None:
    client = AsyncClient(headers=headers)
    url = f"/a/{assistant.public_key}/ask/"
    for _ in range(3):
        assert (await client.post(url, {"question": "When are you open?"})).status_code in {200, 303}
    response = await client.post(url, {"question": "And then?"})
    assert response.status_code == 429
    assert response.headers["Retry-After"] == "20"
    said = response.content.decode()
    assert "You have asked a lot in a short time. Try again in 20 s." in said
    assert "And then?</textarea>" in said
    assert await Message.objects.filter(role="user").acount() == 3


def test_an_assistant_may_have_a_limit_for_all_its_visitors_together() -> None:
    busy, idle = Assistant(asks_per_minute=2), Assistant()
    for number in range(2):
        take(f"visitor {number}", "", assistant=busy)
    with pytest.raises(LimitedError):
        take("another", "", assistant=busy)
    take("another", "", assistant=idle)
