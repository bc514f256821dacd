"""Reading knowledge: what may be shown now, how the index stands, and rows that an import reads back."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from knowledge.indexing import drain, tend
from knowledge.models import Category, Entry, KnowledgeBase
from knowledge.models.content import MAX_INDEX_ATTEMPTS
from knowledge.selectors import (
    IndexOverview,
    answerable_entry,
    index_overview,
    knowledge_base_named,
    rows_for_export,
    store_health,
)
from tests.knowledge.factories import MeddledStore, WordEmbedder, edit, make_base, make_entries, make_entry

NOW = timezone.now()
PAST, FUTURE = NOW - timedelta(hours=1), NOW + timedelta(hours=1)


def test_a_published_entry_may_be_shown_before_it_is_indexed(base: KnowledgeBase) -> None:
    entry = make_entry(base, valid_from=PAST, valid_until=FUTURE)
    assert answerable_entry(entry.pk) == entry


@pytest.mark.parametrize(
    "fields",
    [
        {"status": Entry.Status.DRAFT},
        {"status": Entry.Status.ARCHIVED},
        {"valid_from": FUTURE},
        {"valid_until": PAST},
    ],
)
def test_what_is_not_published_or_not_in_its_dates_may_not_be_shown(
    base: KnowledgeBase, fields: dict[str, object]
) -> None:
    assert answerable_entry(edit(make_entry(base), **fields).pk) is None


def test_an_unknown_entry_is_none(base: KnowledgeBase) -> None:
    assert answerable_entry(uuid.uuid4()) is None


def test_a_date_holds_from_its_first_moment_until_before_its_last(base: KnowledgeBase) -> None:
    make_entry(base, valid_from=PAST, valid_until=FUTURE)
    moments = (PAST - timedelta(microseconds=1), PAST, FUTURE - timedelta(microseconds=1), FUTURE)
    assert [Entry.objects.answerable(at).exists() for at in moments] == [False, True, True, False]


def test_the_overview_counts_live_waiting_and_failed_entries(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder
) -> None:
    make_entry(base, "Is this poison?")
    make_entries(base, 3)
    embedder.refuses = "poison"
    for _ in range(MAX_INDEX_ATTEMPTS):
        drain(store, embedder)
    make_entry(base, "Saved just now?")
    make_entry(base, "A draft?", status=Entry.Status.DRAFT)
    make_entry(make_base("Other"))
    assert index_overview(base) == IndexOverview(published=5, waiting=1, failed=1)
    assert index_overview() == IndexOverview(published=6, waiting=2, failed=1)


def test_the_stores_health_is_unknown_until_a_worker_has_looked(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder
) -> None:
    assert store_health() is None
    tend(store, embedder, full=False)
    health = store_health()
    assert health is not None
    assert health.state == "ok"


@pytest.mark.parametrize("name", ["shop", "Shop", "SHOP"])
def test_a_base_is_found_by_slug_or_by_name_in_any_case(base: KnowledgeBase, name: str) -> None:
    assert knowledge_base_named(name) == base
    assert knowledge_base_named("nowhere") is None


def test_exported_rows_have_everything_an_import_reads(base: KnowledgeBase) -> None:
    category = Category.objects.create(knowledge_base=base, name="Hours")
    make_entry(base, "Q?", "A.", ["P2", "P1"], category=category, reference="r", language="sv", valid_until=FUTURE)
    (row,) = rows_for_export(base)
    assert (row.reference, row.question, row.answer, row.phrasings) == ("r", "Q?", "A.", ("P2", "P1"))
    assert (row.category, row.language, row.status) == ("Hours", "sv", "published")
    assert (row.valid_from, row.valid_until) == (None, FUTURE)


def test_an_export_takes_as_many_queries_for_100_entries_as_for_one(
    base: KnowledgeBase, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_entries(base, 100)
    with django_assert_num_queries(2):
        assert len(list(rows_for_export(base))) == 100
