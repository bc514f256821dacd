"""After a save has returned, the old text is never served: random edits between random steps of the indexer.

The store fails, lies and lags on the way. What was unpublished, expired, deleted or rewritten must not come back, and
when the indexer has caught up everything that may be said is found.
"""

import random
from datetime import timedelta

import pytest
from django.utils import timezone

from knowledge.indexing import drain, rebuild, tend
from knowledge.models import Entry, KnowledgeBase
from knowledge.retrieval import retrieve
from knowledge.services import delete_entries, save_entry, set_status
from knowledge.vector_store import StoreError
from tests.knowledge.factories import MeddledStore, WordEmbedder, index_ids, make_entry, true_ids

STEPS = 40
QUESTIONS = ["Where is thing0?", "Where is thing1?", "box1", "rewritten", "a phrasing of thing2"]


class Interrupted(BaseException):
    """The indexer's process is gone."""


class Play:
    """Editors, an indexer that may be interrupted, and a store that may be away, in an order that a seed decides."""

    def __init__(self, base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder, seed: int) -> None:
        self.base, self.store, self.embedder = base, store, embedder
        self.random = random.Random(seed)
        self.may_say: dict[object, str] = {}
        self.number = 0

    def add(self) -> None:
        self.number += 1
        text = f"Thing{self.number % 4} is in box{self.number}."
        entry = make_entry(self.base, f"Where is thing{self.number % 4}?", text)
        self.may_say[entry.pk] = text

    def edit(self, entry: Entry) -> None:
        self.number += 1
        entry.answer = f"Rewritten: it is in box{self.number}."
        entry.status, entry.valid_until = Entry.Status.PUBLISHED, None
        count = self.random.randrange(4)
        save_entry(entry, phrasings=[f"a phrasing of thing{self.number + n}" for n in range(count)])
        self.may_say[entry.pk] = entry.answer

    def unpublish(self, entry: Entry) -> None:
        set_status(Entry.objects.filter(pk=entry.pk), self.random.choice([Entry.Status.DRAFT, Entry.Status.ARCHIVED]))
        self.may_say.pop(entry.pk, None)

    def expire(self, entry: Entry) -> None:
        entry.valid_until = timezone.now() - timedelta(seconds=1)
        save_entry(entry)
        self.may_say.pop(entry.pk, None)

    def delete(self, entry: Entry) -> None:
        delete_entries(Entry.objects.filter(pk=entry.pk))
        self.may_say.pop(entry.pk, None)

    def somebody_edits(self) -> None:
        entries = list(Entry.objects.order_by("pk"))
        if len(entries) < 3:
            self.add()
            return
        acts = [self.edit, self.edit, self.unpublish, self.expire, self.delete]
        if self.random.random() < 0.2:
            self.add()
        else:
            self.random.choice(acts)(self.random.choice(entries))
        self.look()

    def indexer_works(self) -> None:
        """Let it work to the end, or until somebody edits or it is killed in the middle."""
        self.store.down, self.store.blind = self.random.random() < 0.15, self.random.random() < 0.1
        self.store.before_upsert = self.perhaps
        self.store.after_upsert = self.perhaps
        try:
            self.random.choice([self.drain, self.drain, self.drain, self.tend, self.rebuild])()
        except (StoreError, Interrupted):
            pass
        finally:
            self.store.before_upsert = self.store.after_upsert = lambda: None

    def drain(self) -> None:
        drain(self.store, self.embedder)

    def tend(self) -> None:
        tend(self.store, self.embedder, full=self.random.random() < 0.5)

    def rebuild(self) -> None:
        rebuild(self.base, self.store, self.embedder)

    def perhaps(self) -> None:
        chance = self.random.random()
        if chance < 0.3:
            self.somebody_edits()
        elif chance < 0.4:
            raise Interrupted

    def look(self) -> None:
        """Whatever is served may be said at this moment."""
        question = self.random.choice(QUESTIONS)
        found = retrieve(question, knowledge_bases=[self.base.pk], limit=10, store=self.store)
        served = [*found.candidates, *found.waiting]
        assert {c.entry.pk: c.entry.answer for c in served}.items() <= self.may_say.items()
        assert len({c.entry.pk for c in found.candidates}) == len(found.candidates)

    def settle(self) -> None:
        """Let the indexer catch up."""
        self.store.down = self.store.blind = False
        tend(self.store, self.embedder, full=True)
        drain(self.store, self.embedder)


@pytest.mark.parametrize("seed", range(10))
def test_nothing_old_is_ever_served_and_in_the_end_everything_is_found(
    base: KnowledgeBase, store: MeddledStore, words: WordEmbedder, seed: int
) -> None:
    play = Play(base, store, words, seed)
    for _ in range(STEPS):
        play.random.choice([play.somebody_edits, play.indexer_works])()
        play.look()
    play.settle()
    assert index_ids(base, store) == true_ids(base)
    found = retrieve("Where is thing0?", knowledge_bases=[base.pk], limit=100, store=store)
    assert {c.entry.pk: c.entry.answer for c in found.candidates} == play.may_say
