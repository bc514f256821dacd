"""Vectors in SQL: each text is embedded once for each model, and comes back as it was made."""

from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone

from knowledge.embedding import EmbeddingUnavailableError
from knowledge.models import Entry, Vector
from knowledge.passages import passages, vector_digest
from knowledge.vectors import forget_unused_vectors, stored_vectors, vectors_for
from tests.knowledge.factories import WordEmbedder, make_base, make_entry

pytestmark = pytest.mark.django_db


def test_vectors_come_in_the_order_of_the_texts(embedder: WordEmbedder) -> None:
    texts = ["one", "two", "three", "one"]
    assert np.array_equal(vectors_for(embedder, texts), WordEmbedder().embed(texts))


def test_a_text_is_embedded_once_however_often_it_is_asked_for(embedder: WordEmbedder) -> None:
    first = vectors_for(embedder, ["same", "same", "other"])
    second = vectors_for(embedder, ["other", "same"])
    assert sorted(embedder.embedded) == ["other", "same"]
    assert np.array_equal(second, first[[2, 0]])


def test_another_model_makes_vectors_of_its_own(embedder: WordEmbedder) -> None:
    vectors_for(embedder, ["text"])
    vectors_for(other := WordEmbedder("other"), ["text"])
    assert other.embedded == ["text"]
    assert Vector.objects.count() == 2


def test_only_the_missing_ones_of_1200_are_embedded(embedder: WordEmbedder) -> None:
    texts = [f"text {n}" for n in range(1_200)]
    vectors_for(embedder, texts[:1_150])
    embedder.embedded.clear()
    assert vectors_for(embedder, texts).shape == (1_200, 256)
    assert sorted(embedder.embedded) == sorted(texts[1_150:])


def test_what_sql_does_not_have_is_left_out(embedder: WordEmbedder) -> None:
    vectors_for(embedder, ["known"])
    known, unknown = (vector_digest(embedder.name, text) for text in ("known", "unknown"))
    assert set(stored_vectors([known, unknown])) == {known}


def test_nothing_is_stored_when_the_model_is_away(embedder: WordEmbedder) -> None:
    embedder.down = True
    with pytest.raises(EmbeddingUnavailableError):
        vectors_for(embedder, ["text"])
    assert not Vector.objects.exists()


def test_a_vector_that_another_process_stored_meanwhile_is_no_error(embedder: WordEmbedder) -> None:
    embedder.before = lambda texts: vectors_for(WordEmbedder(), texts)
    assert vectors_for(embedder, ["text"]).shape == (1, 256)
    assert Vector.objects.count() == 1


def test_vectors_that_no_published_entry_needs_are_forgotten_after_a_day(embedder: WordEmbedder) -> None:
    base = make_base()
    entry = make_entry(base, "Q?", "A.", phrasings=["P"])
    make_entry(base, "Draft?", "Not yet.", status=Entry.Status.DRAFT)
    kept = passages(entry.question, entry.answer, ["P"])
    vectors_for(embedder, [*kept, "Draft?", "a text of long ago", "a text of today"])
    Vector.objects.exclude(pk=vector_digest(embedder.name, "a text of today")).update(
        created_at=timezone.now() - timedelta(days=2)
    )
    assert forget_unused_vectors() == 2
    assert set(Vector.objects.values_list("pk", flat=True)) == {
        vector_digest(embedder.name, text) for text in (*kept, "a text of today")
    }
