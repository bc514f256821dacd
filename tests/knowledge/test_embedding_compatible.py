"""Embeddings from a compatible server: a real HTTP server plays every way in which it can answer, or not."""

import numpy as np
import pytest
from pytest_django import Settings

from knowledge.embedding import (
    EmbeddingError,
    EmbeddingRefusedError,
    EmbeddingSetupError,
    EmbeddingUnavailableError,
    get_embedder,
)
from knowledge.embedding import compatible as compatible_module
from knowledge.embedding.compatible import CompatibleEmbedder
from tests.knowledge.embedding_server import (
    Act,
    embedding_reply,
    embeds,
    hanging,
    refuses,
    says_html,
    says_json,
    serving,
)


def client(url: str) -> CompatibleEmbedder:
    return CompatibleEmbedder(model="m", base_url=f"{url}/v1", api_key="")


def by_length(text: str) -> list[float]:
    return [float(len(text)), 1.0]


def rows(*vectors: object) -> Act:
    return says_json(embedding_reply([{"index": i, "embedding": v} for i, v in enumerate(vectors)]))


def test_the_index_in_the_reply_decides_and_not_its_order() -> None:
    with serving(embeds(by_length, backwards=True)) as server:
        vectors = client(server.url).embed(["aaa", "a", "aa"])
    expected = np.array([[3, 1], [1, 1], [2, 1]], np.float32)
    assert np.allclose(vectors, expected / np.linalg.norm(expected, axis=1, keepdims=True))


def test_150_texts_are_three_requests_and_come_back_in_order() -> None:
    texts = ["x" * (1 + n * 37 % 151) for n in range(150)]
    with serving(embeds(by_length)) as server:
        vectors = client(server.url).embed(texts)
    assert [len(request["input"]) for request in server.requests] == [64, 64, 22]
    assert np.allclose(vectors[:, 0] / vectors[:, 1], [len(text) for text in texts], rtol=1e-4)


def test_the_model_is_named_in_the_request_and_in_every_vectors_name(settings: Settings) -> None:
    with serving(embeds(by_length)) as server:
        settings.EMBEDDING_MODEL, settings.EMBEDDING_BASE_URL = "openai:small", f"{server.url}/v1"
        embedder = get_embedder()
        embedder.embed_one("a")
    assert embedder.name == "openai:small"
    assert server.requests[0]["model"] == "small"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_what_will_not_work_next_time_either_is_refused(status: int) -> None:
    with serving(refuses(status)) as server, pytest.raises(EmbeddingRefusedError, match="scripted refusal"):
        client(server.url).embed(["a"])


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_wrong_key_or_model_is_told_apart_from_a_text_that_is_refused(status: int) -> None:
    with serving(refuses(status)) as server, pytest.raises(EmbeddingSetupError, match="key or model"):
        client(server.url).embed(["a"])


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_what_may_pass_is_unavailable_and_asked_only_once(status: int) -> None:
    with serving(refuses(status)) as server, pytest.raises(EmbeddingUnavailableError, match="did not answer"):
        client(server.url).embed(["a"])
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "rubbish",
    [
        says_html,
        says_json([]),
        says_json({"data": []}),
        says_json({"data": None}),
        says_json({"data": [{"index": 0}]}),
        rows(["not", "numbers"]),
        rows(None),
        rows([1.0, 2.0], [1.0]),
        rows([1.0], [2.0], [3.0]),
        rows([float("nan")], [1.0]),
        rows([0.0], [1.0]),
        lambda _: (200, "application/json", b"\xff\xfe{"),
        lambda _: (200, "application/json", b"{"),
        lambda _: (200, "application/json", b""),
    ],
)
def test_rubbish_is_an_embedding_error_and_nothing_else(rubbish: Act) -> None:
    with serving(rubbish) as server, pytest.raises(EmbeddingError):
        client(server.url).embed(["a", "b"])


def test_vectors_of_two_lengths_in_two_replies_are_an_embedding_error() -> None:
    script = embeds(lambda _: [1.0]), embeds(lambda _: [1.0, 1.0])
    with serving(*script) as server, pytest.raises(EmbeddingError, match="different lengths"):
        client(server.url).embed(["x"] * 65)


def test_half_a_character_is_sent_as_something_a_server_can_read() -> None:
    with serving(embeds(by_length)) as server:
        assert client(server.url).embed_one("\ud800?").shape == (2,)


def test_a_server_that_is_not_there_is_unavailable() -> None:
    with hanging() as url:
        pass
    with pytest.raises(EmbeddingUnavailableError):
        client(url).embed(["a"])


def test_a_server_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compatible_module, "TIMEOUT_S", 0.3)
    with hanging() as url, pytest.raises(EmbeddingUnavailableError, match="timed out"):
        client(url).embed(["a"])
