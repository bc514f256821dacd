"""The plain statements of retrieval say what the ORM says."""

import uuid
from datetime import timedelta
from itertools import product

from django.utils import timezone

from knowledge.indexing import drain
from knowledge.models import Entry, KnowledgeBase
from knowledge.retrieval.rows import read_bases, read_entries, read_hashes
from tests.knowledge.factories import MeddledStore, WordEmbedder, make_base, make_entry, reload

NOW = timezone.now()
MOMENTS = (None, NOW - timedelta(days=1), NOW + timedelta(days=1))


def test_what_may_be_said_now_is_what_answerable_has(base: KnowledgeBase) -> None:
    for number, (status, start, end) in enumerate(product(Entry.Status.values, MOMENTS, MOMENTS)):
        if not (start and end) or start < end:
            make_entry(base, f"Question {number}?", status=status, valid_from=start, valid_until=end)
    ids = set(Entry.objects.values_list("pk", flat=True))
    expected = set(Entry.objects.answerable().values_list("pk", flat=True))
    assert len(ids) > len(expected) > 3
    assert set(read_hashes(ids, {base.pk})) == expected
    assert set(read_entries(ids, {base.pk: base})) == expected


def test_an_entry_is_read_whole_and_with_its_base(base: KnowledgeBase) -> None:
    entry = make_entry(base, phrasings=["Opening hours?"], valid_from=NOW - timedelta(days=1))
    read = read_entries([entry.pk], {base.pk: base})[entry.pk]
    fields = [field.attname for field in Entry._meta.concrete_fields]
    assert [getattr(read, f) for f in fields] == [getattr(reload(entry), f) for f in fields]
    assert read.knowledge_base is base


def test_entries_of_another_base_and_no_entries_are_left_out(base: KnowledgeBase) -> None:
    entry = make_entry(base)
    assert read_hashes([entry.pk], {uuid.uuid4()}) == {}
    assert read_entries([entry.pk], {}) == {}
    assert read_hashes([], {base.pk}) == {}
    assert read_entries([], {base.pk: base}) == {}


def test_a_base_is_read_with_its_collection_by_the_model(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder
) -> None:
    make_entry(base)
    drain(store, embedder)
    empty = make_base("Empty")
    read = read_bases([base.pk, empty.pk, uuid.uuid4()], "words")
    assert {pk: b.collection in store.names() for pk, b in read.items()} == {base.pk: True, empty.pk: False}
    assert read_bases([base.pk], "another")[base.pk].collection is None
    assert read_bases([], "words") == {}
