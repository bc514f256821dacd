"""Questions that nobody asks in earnest, and a model that was swapped: a result or a RetrievalError, nothing else."""

import numpy as np
import pytest

from knowledge.embedding import EmbeddingRefusedError, get_embedder, onnx, questions
from knowledge.indexing import drain
from knowledge.models import Entry, KnowledgeBase
from knowledge.retrieval import Retrieval, RetrievalError, asking, retrieve
from tests.knowledge.factories import MeddledStore, WordEmbedder, make_entry

MEANINGLESS = {
    "one letter": "a",
    "emoji": "🚲🔋❓🎉",
    "another script": "ခွေးလေး လှလိုက်တာ",
    "nothing": "",
    "spaces": " \n\t",
}
HOSTILE = MEANINGLESS | {
    "4,000 characters": "Lorem ipsum dolor " * 222,
    "a pasted e-mail": "Hi,\n\nsee below.\n\n> On Mon, Bo wrote:\n> hello\n\n-- \nBo Example\nTel. +49 30 1234\nhttps://example.com",
    "SQL": "'; DROP TABLE knowledge_entry; --",
    "operators": '" OR * NEAR( AND NOT ^ : {} %_',
    "control characters": "\x1b[31m\x07\x08 open",
    "half a character": "when \ud83d open",
    "zero": "\x00",
    "one long word": "x" * 4_000,
}


@pytest.fixture
def entries(base: KnowledgeBase, store: MeddledStore) -> list[Entry]:
    """Three live entries, embedded by the model that ships."""
    made = [
        make_entry(base, "When do you open?", "At nine."),
        make_entry(base, "Do you repair electric bicycles?", "Yes, within a week."),
        make_entry(base, "How long does the battery take to charge?", "About four hours."),
    ]
    drain(store, get_embedder())
    return made


def ask(question: str, base: KnowledgeBase, store: MeddledStore) -> Retrieval:
    return retrieve(question, knowledge_bases=[base.pk], store=store)


@pytest.mark.parametrize("kind", HOSTILE)
def test_it_is_answered_without_an_error(
    base: KnowledgeBase, entries: list[Entry], store: MeddledStore, kind: str
) -> None:
    assert {c.entry for c in ask(HOSTILE[kind], base, store).candidates} <= set(entries)


@pytest.mark.parametrize("kind", HOSTILE)
def test_an_empty_base_answers_nothing(base: KnowledgeBase, store: MeddledStore, kind: str) -> None:
    assert ask(HOSTILE[kind], base, store).candidates == ()


@pytest.mark.parametrize("kind", MEANINGLESS)
def test_what_means_nothing_gives_no_confidence(
    base: KnowledgeBase, entries: list[Entry], store: MeddledStore, kind: str
) -> None:
    assert ask(MEANINGLESS[kind], base, store).confidence < 0.3


def test_hundreds_of_identical_entries_are_five_candidates(
    base: KnowledgeBase, store: MeddledStore, words: WordEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(questions, "get_embedder", lambda: words)
    for _ in range(300):
        make_entry(base)
    drain(store, words)
    assert len({c.entry for c in ask("When do you open?", base, store).candidates}) == 5


def test_a_model_swapped_under_its_name_says_that_the_index_must_be_rebuilt(
    base: KnowledgeBase, store: MeddledStore, words: WordEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_entry(base)
    drain(store, words)
    swapped = WordEmbedder(words.name)
    monkeypatch.setattr(swapped, "embed_batch", lambda texts: np.ones((len(texts), 8), np.float32))
    for module in (questions, asking):
        monkeypatch.setattr(module, "get_embedder", lambda: swapped)
    assert outcome("When do you open?", base, store) in {"words", "rebuild_index"}


def outcome(question: str, base: KnowledgeBase, store: MeddledStore) -> str:
    try:
        return ask(question, base, store).way
    except RetrievalError as error:
        return "rebuild_index" if "rebuild_index" in str(error) else str(error)


def test_a_model_file_with_another_hash_is_refused_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx, "MINILM_MODEL_SHA256", "0" * 64)
    with pytest.raises(EmbeddingRefusedError, match="pip install --force-reinstall"):
        onnx.packaged_minilm()
