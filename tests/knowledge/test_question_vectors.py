"""Vectors of questions: asked for once, shared by processes, and never at the mercy of the cache."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import redis
from pytest_django import Settings

from config.caches import cache_settings
from knowledge.embedding import EmbeddingError, question_vector, questions
from tests.knowledge.embedding_server import hanging
from tests.knowledge.factories import WordEmbedder


@pytest.fixture
def embedder(monkeypatch: pytest.MonkeyPatch) -> WordEmbedder:
    return use(monkeypatch)


def use(monkeypatch: pytest.MonkeyPatch, name: str = "words") -> WordEmbedder:
    """A new embedder stands for a new process: nothing is remembered of it."""
    made = WordEmbedder(name)
    monkeypatch.setattr(questions, "get_embedder", lambda: made)
    return made


def test_a_question_asked_again_costs_no_call_of_the_model(embedder: WordEmbedder) -> None:
    first, second = question_vector("Where is it?"), question_vector("Where is it?")
    assert embedder.embedded == ["Where is it?"]
    assert np.array_equal(first, second)
    assert np.array_equal(first, embedder.embed_one("Where is it?"))


def test_space_around_it_and_the_form_of_its_letters_make_no_other_question(embedder: WordEmbedder) -> None:
    question_vector(" Cafe\u0301? \n")
    question_vector("Caf\u00e9?")
    question_vector("Caf\u00e9.")
    assert embedder.embedded == ["Caf\u00e9?"]


def test_nobody_can_change_what_is_remembered(embedder: WordEmbedder) -> None:
    with pytest.raises(ValueError, match="read-only"):
        question_vector("Where is it?")[0] = 7


def test_no_more_are_remembered_than_there_is_room_for(embedder: WordEmbedder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(questions, "REMEMBERED", 2)
    for text in ("a", "b", "a", "c", "a", "b"):
        question_vector(text)
    assert embedder.embedded == ["a?", "b?", "c?", "b?"]


def test_eight_who_ask_the_same_at_once_cost_one_call(embedder: WordEmbedder) -> None:
    embedder.before = lambda _: time.sleep(0.1)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(question_vector, ["Where is it?"] * 8))
    assert embedder.embedded == ["Where is it?"]
    assert all(np.array_equal(found[0], vector) for vector in found)


def test_a_failure_reaches_all_who_wait_and_is_not_remembered(embedder: WordEmbedder) -> None:
    embedder.down, arrived = True, threading.Barrier(4)
    embedder.before = lambda _: time.sleep(0.1)

    def ask(_: int) -> type[Exception] | None:
        arrived.wait()
        try:
            question_vector("Where is it?")
        except EmbeddingError as error:
            return type(error)
        return None

    with ThreadPoolExecutor(4) as pool:
        assert None not in list(pool.map(ask, range(4)))
    embedder.down = False
    assert question_vector("Where is it?").shape == (256,)


def test_a_model_that_was_changed_under_its_name_empties_the_memory(
    embedder: WordEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    question_vector("Where is it?")
    monkeypatch.setattr(embedder, "embed_batch", lambda texts: np.ones((len(texts), 8), np.float32))
    question_vector("Another?")
    assert question_vector("Where is it?").shape == (8,)


@pytest.mark.redis
class TestShared:
    """The cache in Redis."""

    @pytest.fixture(autouse=True)
    def _shared(self, redis_url: str, settings: Settings) -> None:
        settings.CACHES = cache_settings(redis_url)
        with redis.Redis.from_url(redis_url) as client:
            client.flushall()

    def test_another_process_finds_it_and_the_words_are_not_in_redis(
        self, monkeypatch: pytest.MonkeyPatch, redis_url: str
    ) -> None:
        use(monkeypatch)
        made = question_vector("My secret?")
        other = use(monkeypatch)
        question_vector("its first question")
        assert np.array_equal(question_vector("My secret?"), made)
        assert other.embedded == ["its first question?"]
        with redis.Redis.from_url(redis_url) as client:
            keys: list[bytes] = list(client.scan_iter())
            assert keys
            assert all(b"secret" not in key and b"secret" not in (client.get(key) or b"") for key in keys)
            assert all(0 < client.ttl(key) <= 86_400 for key in keys)

    @pytest.mark.parametrize("rubbish", [b"", b"rubbish", b"\x00" * 1024, b"\xff" * 1024, b"\x00\x00\x80?" * 8])
    def test_rubbish_is_made_anew(self, monkeypatch: pytest.MonkeyPatch, redis_url: str, rubbish: bytes) -> None:
        use(monkeypatch)
        made = question_vector("Where is it?")
        with redis.Redis.from_url(redis_url) as client:
            for key in client.scan_iter():
                client.set(key, rubbish)
        use(monkeypatch)
        question_vector("its first question")
        assert np.array_equal(question_vector("Where is it?"), made)


def test_a_hung_redis_costs_one_moment_and_then_nothing(embedder: WordEmbedder, settings: Settings) -> None:
    question_vector("this process knows its model")
    with hanging() as url:
        settings.CACHES = cache_settings(url.replace("http", "redis"))
        started = time.monotonic()
        question_vector("Where is it?")
        first = time.monotonic()
        for n in range(20):
            question_vector(f"Where is thing{n}?")
        assert first - started < 1
        assert time.monotonic() - first < 0.2


def test_a_redis_that_is_down_is_no_error(embedder: WordEmbedder, settings: Settings) -> None:
    settings.CACHES = cache_settings("redis://127.0.0.1:1/0")
    assert question_vector("Where is it?").shape == (256,)
