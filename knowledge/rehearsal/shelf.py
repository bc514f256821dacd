"""Knowledge bases with edits in them that are not saved, as retrieval reads them."""

import uuid
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from copy import copy
from datetime import datetime
from statistics import fmean

from django.utils import timezone

from knowledge.embedding import Embedder, Matrix, get_embedder
from knowledge.entry_vectors import Version
from knowledge.indexing.survey import PASSAGES as SURVEYED_PASSAGES
from knowledge.indexing.survey import QUESTION_SLOT, SAMPLE, cohesion_of, has_changed, nearest_others
from knowledge.lexical.tables import WordTable
from knowledge.models import Entry, KnowledgeBase
from knowledge.ranking import Memory
from knowledge.rehearsal.loading import Edit, Held, as_saved, load
from knowledge.rehearsal.searching import Near, Passages, Words
from knowledge.retrieval.rows import Hashes, read_bases
from knowledge.retrieval.shelf import Finder
from knowledge.retrieval.weighing import scale_of


class Rehearsal:
    """Knowledge bases with edits that are not saved; a `knowledge.retrieval.shelf.Shelf`. No edits: as they are."""

    def __init__(
        self,
        bases: Collection[uuid.UUID],
        edits: Iterable[Edit] = (),
        at: datetime | None = None,
        memories: dict[bytes, Memory] | None = None,
    ) -> None:
        """Load bases as they are at `at` (default: now); raises EmbeddingError where edited words need vectors.

        `memories` are shared between rehearsals of the same questions: what an edit does not touch is reckoned once.
        """
        self._memories = memories
        embedder = get_embedder()
        self._at = at or timezone.now()
        self._bases = read_bases(list(bases), embedder.name)
        loaded = [load(base, embedder.name) for base in self._bases.values()]
        edits = list(edits)
        self._held = {entry_id: one for base in loaded for entry_id, one in base.held.items()}
        for edit in edits:
            self._take(edit, embedder)
        held = self._held
        scales = [scale_of(base) for base in self._bases.values()]
        # Dates bring entries and take them away without an edit.
        dated = (pk for pk, one in held.items() if one.entry.valid_from or one.entry.valid_until)
        now = frozenset(pk for pk in dated if self._said(pk, self._bases))
        self.stamp: Hashable = (tuple(self._bases), tuple(scales), tuple(one.stamp for one in loaded), now)
        """Changes whenever one of the bases is another; for rehearsals without edits."""
        self._passages = Passages(held)
        edited = {edit.entry_id for edit in edits}
        if edited:
            self._bases = {pk: self._surveyed(base, edited) for pk, base in self._bases.items()}
        self.words: WordTable = Words(held.values(), self._bases)

    def _take(self, edit: Edit, embedder: Embedder) -> None:
        """Hold an entry as it would be, or hold it no longer."""
        self._held.pop(edit.entry_id, None)
        entry = edit.entry
        if entry and entry.status == Entry.Status.PUBLISHED and entry.knowledge_base_id in self._bases:
            base = self._bases[entry.knowledge_base_id]
            self._held[edit.entry_id] = as_saved(entry, edit.phrasings, base, embedder)

    def memory(self, vector: Matrix) -> Memory | None:
        """Return what was reckoned for this question before."""
        return None if self._memories is None else self._memories.setdefault(vector.tobytes(), {})

    def bases(self, ids: Sequence[uuid.UUID], model: str) -> Mapping[uuid.UUID, KnowledgeBase]:  # noqa: ARG002
        """Return the bases of these that were loaded."""
        return {base: self._bases[base] for base in ids if base in self._bases}

    def finder(self, bases: Mapping[uuid.UUID, KnowledgeBase], model: str, vector: Matrix) -> Finder:  # noqa: ARG002
        """Return an exact search."""
        return Near(self._passages, vector, bases)

    def hashes(self, ids: Collection[uuid.UUID], bases: Collection[uuid.UUID]) -> Mapping[uuid.UUID, Hashes]:
        """Return the hashes of entries that may be said; the index has each as it is."""
        return {i: Hashes(held.hash, held.hash) for i in ids if (held := self._said(i, bases))}

    def vectors(
        self,
        model: str,  # noqa: ARG002
        versions: Collection[Version],
        dimension: int,
        generation: str,  # noqa: ARG002
    ) -> Mapping[Version, Matrix]:
        """Return the vectors of entries, as precise as they are stored."""
        found = {version: self._held[version[0]].stored for version in versions if version[0] in self._held}
        return {version: rows for version, rows in found.items() if rows.shape[1] == dimension}

    def entries(
        self, ids: Collection[uuid.UUID], bases: Mapping[uuid.UUID, KnowledgeBase]
    ) -> Mapping[uuid.UUID, Entry]:
        """Return entries that may be said."""
        found = {i: copy(held.entry) for i in ids if (held := self._said(i, bases))}
        for entry in found.values():
            entry.knowledge_base = bases[entry.knowledge_base_id]
        return found

    def _surveyed(self, base: KnowledgeBase, edited: Collection[uuid.UUID]) -> KnowledgeBase:
        """The base as the indexer would find it after the edits, if they make it survey the base again."""
        mine = {pk: one for pk, one in self._held.items() if one.entry.knowledge_base_id == base.pk}
        if base.surveyed_at is not None:
            later = Entry.objects.filter(knowledge_base=base, indexed_at__gt=base.surveyed_at)
            new = mine.keys() & {*edited, *later.values_list("pk", flat=True)}
            if not has_changed(base.surveyed_entries, len(mine), len(new)):
                return base
        sample = [mine[pk] for pk in sorted(mine)[:SAMPLE]]
        crowding = [fmean(near) for one in sample if (near := self._nearest_others(one, base))]
        cohesion = [cohesion_of(one.stored[QUESTION_SLOT:]) for one in sample if len(one.stored) > QUESTION_SLOT + 1]
        base = copy(base)
        base.crowding = fmean(crowding) if crowding else None
        base.cohesion = fmean(cohesion) if cohesion else None
        base.surveyed_entries = len(mine)
        return base

    def _nearest_others(self, one: Held, base: KnowledgeBase) -> list[float]:
        near = Near(self._passages, one.stored[QUESTION_SLOT], [base.pk])
        return nearest_others(one.entry.pk.hex, near.hits(SURVEYED_PASSAGES))

    def _said(self, entry_id: uuid.UUID, bases: Collection[uuid.UUID]) -> Held | None:
        held = self._held.get(entry_id)
        if held is None or held.entry.knowledge_base_id not in bases:
            return None
        begins, ends = held.entry.valid_from, held.entry.valid_until
        return held if (begins is None or begins <= self._at) and (ends is None or ends > self._at) else None
