"""Correcting the knowledge from the desk: one save writes the entry, the golden questions and what is to be proven.

Everything goes through the services of `knowledge`, and everything can be undone while nobody else has built on it.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet

from knowledge import services as knowledge
from knowledge.models import Entry, GoldenQuestion, KnowledgeBase
from knowledge.redaction import redact
from knowledge.rehearsal import Edit
from review import audit
from review.locking import ItemError, close, reopen, take_to_close
from review.models import AskedQuestion, Fix, Reasked, ReviewItem
from review.tasks import hint_proof_after_commit

# Questions of a group that are asked again and kept as golden questions: the latest of each wording.
MOST_PROVEN = 30
# As long as a golden question may be.
LONGEST = 4_000
# As much as the history keeps.
REASON_LENGTH = 100
# What a golden question expected before, where it was no entry: see `Reasked.golden_was`.
DECLINE, LOST = "decline", "lost"
Kind = Fix.Kind


@dataclass(frozen=True)
class Correction:
    """What is to be saved. `entry_id` and `expected_version` name the entry that is corrected; None makes a new one."""

    kind: Fix.Kind
    entry_id: uuid.UUID | None = None
    expected_version: int | None = None
    base_id: uuid.UUID | None = None
    question: str = ""
    answer: str = ""
    phrasings: Sequence[str] = field(default_factory=tuple)
    reason: str = ""
    """Why it is right that golden questions break, where some do."""


def fix(item: ReviewItem, correction: Correction, author: User, *, note: str = "") -> Fix:
    """Save a correction, close the item and prepare the proof.

    Raises ItemError, ValidationError, and the services' EntryGoneError and EntryChangedError; nothing is saved then.
    """
    with transaction.atomic():
        row = take_to_close(item, author)
        entry, before = _corrected(row, correction, author)
        made = Fix.objects.create(
            item=row,
            assistant=row.assistant,
            kind=correction.kind,
            entry=entry,
            version_before=before,
            version_after=entry.version,
            author=author,
        )
        _prepare_proof(made, row, entry.knowledge_base, entry)
        close(row, author, ReviewItem.State.FIXED, note=note)
        hint_proof_after_commit()
        over = f"; golden questions break: {correction.reason}" if correction.reason else ""
        detail = f"entry {entry.pk}{over}"
        audit.note(author, f"fix: {correction.kind}", assistant=row.assistant, target=row.pk, detail=detail)
    return made


def planned(item: ReviewItem, correction: Correction) -> Edit | None:
    """Return what saving a correction would make of its entry, to be tried out; None where it will be refused."""
    bases = item.assistant.knowledge_bases.all()
    if correction.kind == Kind.NEW:
        base = _base_of(correction, bases)
        entry = Entry(knowledge_base=base, status=Entry.Status.PUBLISHED) if base else None
    else:
        entry = _entry_of(correction, bases)
    if entry is None:
        return None
    if correction.kind == Kind.WORDING:
        known = [p.text for p in entry.phrasings.all()]
        return Edit(entry.pk, entry, tuple(dict.fromkeys([*known, *correction.phrasings])))
    entry.question, entry.answer = correction.question, correction.answer
    return Edit(entry.pk, entry, tuple(dict.fromkeys(correction.phrasings)))


def mark(item: ReviewItem, how: ReviewItem.Mark, author: User, *, note: str = "") -> Fix | None:
    """End an item without a correction. Out of scope is kept as golden questions that must be declined: a Fix."""
    with transaction.atomic():
        row = take_to_close(item, author)
        made = None
        if how == ReviewItem.Mark.OUT_OF_SCOPE and (base := row.assistant.knowledge_bases.order_by("name").first()):
            made = Fix.objects.create(
                item=row, assistant=row.assistant, kind=Kind.SCOPE, version_before=0, version_after=0, author=author
            )
            _prepare_proof(made, row, base, None)
            hint_proof_after_commit()
        close(row, author, ReviewItem.State.MARKED, mark=how, note=note)
        audit.note(author, f"mark: {how}", assistant=row.assistant, target=row.pk)
    return made


def undo(made: Fix, author: User) -> None:
    """Take a fix back: entry, golden questions and item are as they were. ItemError where somebody built on it."""
    with transaction.atomic():
        row = Fix.objects.select_for_update().filter(pk=made.pk).first()
        if row is None or row.status == Fix.Status.UNDONE:
            raise ItemError("This was undone already.")
        _take_entry_back(row, author)
        for proof in row.reasked.select_related("golden"):
            _take_golden_back(proof)
        row.status = Fix.Status.UNDONE
        row.save(update_fields=["status"])
        if row.item:
            reopen(row.item)
        audit.note(author, "undo", assistant=row.assistant, target=row.pk)


def unmark(item: ReviewItem, author: User) -> None:
    """Put a marked item back into the queue."""
    with transaction.atomic():
        row = ReviewItem.objects.select_for_update().get(pk=item.pk)
        if row.state != ReviewItem.State.MARKED:
            raise ItemError("This item is not marked any more.")
        reopen(row)
        audit.note(author, "undo", assistant=row.assistant, target=row.pk)


def _corrected(item: ReviewItem, correction: Correction, author: User) -> tuple[Entry, int]:
    """Save the entry; returns it and the version it had before, 0 for a new one."""
    reason = f"Desk: {Kind(correction.kind).label.lower()}"
    reason = f"{reason}. {correction.reason}"[:REASON_LENGTH] if correction.reason else reason
    bases = item.assistant.knowledge_bases.all()
    if correction.kind == Kind.NEW:
        base = _base_of(correction, bases)
        if base is None:
            raise ValidationError("This assistant has no knowledge base. Give it one in the admin first.")
        entry = Entry(knowledge_base=base, status=Entry.Status.PUBLISHED)
        entry.question, entry.answer = correction.question, correction.answer
        return knowledge.save_entry(entry, phrasings=correction.phrasings, author=author, reason=reason), 0
    found = _entry_of(correction, bases)
    if found is None:
        raise knowledge.EntryGoneError("This entry is gone. Choose another one, or make a new entry of your text.")
    before, phrasings = found.version, [p.text for p in found.phrasings.all()]
    expected: int | None = before
    if correction.kind == Kind.WORDING:
        # A wording is added to whatever the entry says now; what is saved after this moment is not overwritten either.
        phrasings = _with_wordings(found, phrasings, correction.phrasings)
    else:
        found.question, found.answer = correction.question, correction.answer
        phrasings, expected = list(correction.phrasings), correction.expected_version
    knowledge.save_entry(found, phrasings=phrasings, author=author, reason=reason, expected_version=expected)
    return found, before


def _entry_of(correction: Correction, bases: QuerySet[KnowledgeBase]) -> Entry | None:
    """The entry that is corrected, if the assistant knows it."""
    if correction.entry_id is None:
        return None
    return Entry.objects.filter(pk=correction.entry_id, knowledge_base__in=bases.values("pk")).first()


def _base_of(correction: Correction, bases: QuerySet[KnowledgeBase]) -> KnowledgeBase | None:
    """The base that was chosen, if the assistant knows it, else its first."""
    chosen = bases.filter(pk=correction.base_id).first() if correction.base_id else None
    return chosen or bases.order_by("name").first()


def _with_wordings(entry: Entry, phrasings: list[str], added: Sequence[str]) -> list[str]:
    known = {text.casefold() for text in (entry.question, *phrasings)}
    new = [text for text in map(str.strip, added) if text and text.casefold() not in known]
    if not new:
        raise ValidationError("Every one of these wordings is there already. Edit the entry, or choose another one.")
    return [*phrasings, *dict.fromkeys(new)]


def _prepare_proof(made: Fix, item: ReviewItem, base: KnowledgeBase, entry: Entry | None) -> None:
    """Keep the questions of the group as golden ones, and note that they are to be asked again."""
    seen: set[str] = set()
    proofs = []
    for row in AskedQuestion.objects.filter(item=item).order_by("-asked_at")[: 10 * MOST_PROVEN]:
        text = redact(row.text)[:LONGEST]
        if text.casefold() in seen or len(seen) == MOST_PROVEN:
            continue
        seen.add(text.casefold())
        known = GoldenQuestion.objects.filter(knowledge_base=base, question=text).first()
        golden = knowledge.keep_golden_question(base, text, entry)
        proofs.append(Reasked(fix=made, reply_id=row.pk, golden=golden, golden_was=_expected(known)))
    Reasked.objects.bulk_create(proofs)


def _expected(golden: GoldenQuestion | None) -> str:
    if golden is None:
        return ""
    if golden.lost:
        return LOST
    return str(golden.entry_id) if golden.entry_id else DECLINE


def _take_entry_back(row: Fix, author: User) -> None:
    if row.kind == Kind.SCOPE:
        return
    entry = Entry.objects.select_for_update().filter(pk=row.entry_id).first() if row.entry_id else None
    if entry is None:
        raise ItemError("The entry was deleted meanwhile: there is nothing to undo.")
    if entry.version != row.version_after:
        raise ItemError(
            "Somebody else has saved this entry since, so undoing would take their work away too. "
            "Look at its history in the admin and restore what you need."
        )
    if row.version_before:
        knowledge.restore_version(entry, row.version_before, author=author, expected_version=row.version_after)
    else:
        knowledge.delete_entries(Entry.objects.filter(pk=entry.pk))


def _take_golden_back(proof: Reasked) -> None:
    if proof.golden is None:
        return
    if not proof.golden_was:
        proof.golden.delete()
        return
    was = proof.golden_was
    former = None if was in (DECLINE, LOST) else Entry.objects.filter(pk=was).first()
    proof.golden.entry, proof.golden.lost = former, former is None and was != DECLINE
    proof.golden.save(update_fields=["entry", "lost"])
