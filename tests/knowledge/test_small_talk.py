"""Small talk: what asks nothing makes retrieval less sure, unless an entry says it itself."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from knowledge.embedding import EmbeddingUnavailableError, as_embedded, get_embedder
from knowledge.indexing import drain
from knowledge.models import KnowledgeBase
from knowledge.retrieval import Retrieval, asking, retrieve, small_talk
from knowledge.retrieval.small_talk import nearness
from tests.knowledge.factories import MeddledStore, WordEmbedder, make_entry


def near(text: str) -> float:
    embedder = get_embedder()
    return nearness(embedder.embed_one(as_embedded(text)), embedder)


@pytest.mark.parametrize("text", ["Hi!", "ok thanks", "yes", "are you a bot", "tell me another joke", "merci"])
def test_small_talk_is_near_to_it(text: str) -> None:
    assert near(text) > 0.7


@pytest.mark.parametrize("text", ["How do I return a bike?", "delivery charges", "still no refund", "error E-204"])
def test_a_question_is_not(text: str) -> None:
    assert near(text) < 0.5


def ask(question: str, base: KnowledgeBase, store: MeddledStore) -> Retrieval:
    return retrieve(question, knowledge_bases=[base.pk], store=store)


@pytest.fixture
def shop(base: KnowledgeBase, store: MeddledStore) -> KnowledgeBase:
    """A base with the local model, and an entry that sounds like what people say."""
    make_entry(base, question="How do I stop my payments?", phrasings=["Stop", "No more payments, thanks"])
    make_entry(base, question="When do you open?", phrasings=["opening hours"])
    drain(store, get_embedder())
    return base


def test_what_asks_nothing_is_answered_with_less_confidence(
    shop: KnowledgeBase, store: MeddledStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk, question = ask("no thanks", shop, store), ask("stop the payments", shop, store)
    assert talk.candidates[0].evidence.small_talk > 0.2
    assert question.candidates[0].evidence.small_talk == 0
    monkeypatch.setattr(asking, "nearness", lambda *_: -1.0)
    assert ask("no thanks", shop, store).confidence > 2 * talk.confidence
    assert ask("stop the payments", shop, store).confidence == question.confidence


def test_an_entry_that_says_it_itself_loses_nothing(shop: KnowledgeBase, store: MeddledStore) -> None:
    make_entry(shop, question="Hello", phrasings=["Hi"], answer="Hello! Ask me anything.")
    drain(store, get_embedder())
    first = ask("hi", shop, store).candidates[0]
    assert (first.entry.question, first.evidence.small_talk) == ("Hello", 0)


def test_it_is_embedded_once_for_all_questions(embedder: WordEmbedder) -> None:
    vector = embedder.embed_one("yes?")
    assert nearness(vector, embedder) == pytest.approx(1)
    asked = len(embedder.embedded)
    assert nearness(-vector, embedder) < 0.5
    assert len(embedder.embedded) == asked


def test_questions_that_come_at_once_embed_it_once(embedder: WordEmbedder) -> None:
    vector = embedder.embed_one("yes?")
    embedder.before = lambda _: time.sleep(0.05)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: nearness(vector, embedder), range(8)))
    assert found == pytest.approx([1] * 8)
    assert embedder.embedded.count("good morning?") == 1


def test_it_is_embedded_again_where_the_model_has_changed(
    embedder: WordEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(small_talk, "PAUSE_S", 0.0)
    nearness(embedder.embed_one("yes?"), embedder)
    short = np.zeros(8, np.float32)
    short[0] = 1
    monkeypatch.setattr(embedder, "embed_batch", lambda texts: np.tile(short, (len(texts), 1)))
    assert nearness(short, embedder) == pytest.approx(1)


def test_a_question_is_not_lost_where_small_talk_cannot_be_embedded_and_a_model_that_fails_is_left_alone(
    base: KnowledgeBase, store: MeddledStore, words: WordEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_entry(base, question="When do you open?")
    drain(store, words)
    tried: list[int] = []

    def fail(texts: Sequence[str]) -> None:
        if len(texts) > 1:
            tried.append(len(texts))
            raise EmbeddingUnavailableError("busy")

    words.before = fail
    for _ in range(2):
        found = ask("When do you open?", base, store)
        assert (found.way, found.candidates[0].evidence.small_talk) == ("index", 0)
    assert len(tried) == 1

    words.before = lambda _: None
    yes = words.embed_one("yes?")
    assert nearness(yes, words) == -1
    later = time.monotonic() + small_talk.PAUSE_S
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert nearness(yes, words) == pytest.approx(1)
