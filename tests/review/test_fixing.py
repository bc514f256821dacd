"""From a bad answer to a proven fix: what is proposed, what a save does, what refuses, and how it is undone."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from chatbot.models import Assistant
from knowledge.models import Entry, GoldenQuestion, KnowledgeBase
from knowledge.services import EntryChangedError, save_entry
from review import asking_again, fixing, proposing
from review.fixing import Correction
from review.locking import ItemError, lock
from review.models import AuditEvent, Fix, Reasked, ReviewItem
from tests.people import make_person
from tests.review.conftest import ask, decline, only_item, thumb_down

pytestmark = pytest.mark.django_db(transaction=True)
Kind = Fix.Kind
ODD = "any room for my vehicle"


@pytest.fixture
def parking(base: KnowledgeBase) -> Entry:
    return base.entries.get(question="Where can I park my car?")


@pytest.fixture
def item(assistant: Assistant) -> ReviewItem:
    decline(assistant, ODD)
    return only_item()


def wording(entry: Entry, *texts: str) -> Correction:
    return Correction(Kind.WORDING, entry_id=entry.pk, phrasings=texts or (ODD,))


def edit(entry: Entry, answer: str) -> Correction:
    phrasings = [p.text for p in entry.phrasings.all()]
    return Correction(Kind.EDIT, entry.pk, entry.version, None, entry.question, answer, phrasings)


# --- what is proposed


def test_a_declined_question_near_an_entry_proposes_its_wording(item: ReviewItem, parking: Entry) -> None:
    proposal = proposing.propose(item)
    assert (proposal.kind, proposal.entry, proposal.wordings) == (Kind.WORDING, parking, [ODD])


def test_a_bad_answer_proposes_to_edit_its_entry(assistant: Assistant, parking: Entry) -> None:
    thumb_down(ask(assistant, "Where can I park my car?"))
    proposal = proposing.propose(only_item())
    assert (proposal.kind, proposal.entry) == (Kind.EDIT, parking)


def test_a_misunderstood_question_does_not_propose_the_entry_that_answered(
    assistant: Assistant, parking: Entry
) -> None:
    thumb_down(ask(assistant, "Where can I park my car?"), "misunderstood")
    proposal = proposing.propose(only_item())
    assert proposal.entry != parking


def test_nothing_near_proposes_a_new_entry_of_the_clearest_question(assistant: Assistant) -> None:
    for question in ("Do you rent out tandems?", "do you rent tandems?", "can one rent a tandem bike from you guys"):
        decline(assistant, question)
    item = only_item_of_all()
    proposal = proposing.propose(item)
    assert proposal.kind == Kind.NEW
    assert proposal.question == item.title
    assert proposal.question not in proposal.other_wordings


def only_item_of_all() -> ReviewItem:
    from review import collecting

    collecting.collect()
    item = ReviewItem.objects.order_by("-count").first()
    assert item
    return item


def test_contact_details_do_not_go_into_wordings(assistant: Assistant) -> None:
    decline(assistant, "My card 4111 1111 1111 1111 was charged, write to anna@example.com or call +44 20 7946 0142")
    wordings = proposing.propose(only_item()).wordings
    assert wordings == ["My card [card number] was charged, write to [e-mail address] or call [phone number]"]


# --- saving and asking again


def test_a_wording_is_added_published_and_proven(
    item: ReviewItem, parking: Entry, stan: User, assistant: Assistant, index: Callable[[], None]
) -> None:
    made = fixing.fix(item, wording(parking), stan)
    assert not asking_again.prove(made), "the entry is not live yet"
    index()
    assert asking_again.prove_waiting().fixes == 1
    proof = Reasked.objects.get()
    assert (proof.outcome, proof.right, proof.reply.outcome) == ("quote", True, "decline")
    assert proof.text == parking.answer
    assert GoldenQuestion.objects.get(question=ODD).entry == parking
    assert ReviewItem.objects.get().state == "fixed"
    assert ask(assistant, ODD).text == parking.answer


def test_asking_again_takes_turns_with_other_work(
    assistant: Assistant, parking: Entry, stan: User, index: Callable[[], None]
) -> None:
    for n in range(3):
        decline(assistant, f"{ODD}{'?' * n}")
    fixing.fix(only_item(), wording(parking), stan)
    index()
    assert [asking_again.prove_waiting(run_s=0).more for _ in range(3)] == [True, True, False]
    assert Fix.objects.get().status == "done"
    assert not Reasked.objects.filter(outcome="").exists()


def test_an_entry_that_the_indexer_set_aside_is_named(item: ReviewItem, parking: Entry, stan: User) -> None:
    made = fixing.fix(item, wording(parking), stan)
    Entry.objects.filter(pk=parking.pk).update(index_attempts=5)
    asking_again.prove_waiting()
    made.refresh_from_db()
    assert "set the entry aside" in made.error


def test_an_edit_is_saved_with_who_and_why(item: ReviewItem, parking: Entry, stan: User) -> None:
    fixing.fix(item, edit(parking, "There are 20 spaces now."), stan)
    version = Entry.objects.get(pk=parking.pk).history.first()
    assert version.answer == "There are 20 spaces now."
    assert (version.history_user, version.history_change_reason) == (stan, "Desk: entry edited")
    assert AuditEvent.objects.filter(action="fix: edit", who="stan").count() == 1


def test_a_new_entry_is_published_with_its_wordings(
    item: ReviewItem, stan: User, assistant: Assistant, index: Callable[[], None]
) -> None:
    made = fixing.fix(
        item, Correction(Kind.NEW, question="Where to leave a car?", answer="Here.", phrasings=[ODD]), stan
    )
    index()
    asking_again.prove(made)
    assert made.entry
    assert ask(assistant, ODD).text == "Here."


def test_every_wording_of_the_group_is_kept_once(assistant: Assistant, parking: Entry, stan: User) -> None:
    for _ in range(3):
        decline(assistant, ODD)
    decline(assistant, ODD + " please")
    fixing.fix(only_item(), wording(parking), stan)
    assert set(GoldenQuestion.objects.values_list("question", flat=True)) == {ODD, ODD + " please"}
    assert Reasked.objects.count() == 2


def test_out_of_scope_is_kept_as_something_to_decline(item: ReviewItem, stan: User, assistant: Assistant) -> None:
    made = fixing.mark(item, ReviewItem.Mark.OUT_OF_SCOPE, stan)
    golden = GoldenQuestion.objects.get()
    assert (golden.entry, golden.lost) == (None, False)
    assert made
    asking_again.prove(made)
    assert Reasked.objects.get().outcome


@pytest.mark.parametrize("how", [ReviewItem.Mark.FINE, ReviewItem.Mark.SPAM])
def test_fine_and_spam_only_end_the_item(item: ReviewItem, stan: User, how: ReviewItem.Mark) -> None:
    assert fixing.mark(item, how, stan, note="See the phone log.") is None
    row = ReviewItem.objects.get()
    assert (row.state, row.mark, row.closed_by, row.note) == ("marked", how, stan, "See the phone log.")
    assert not GoldenQuestion.objects.exists()


# --- refusals: nothing is lost, nothing overwritten


def test_two_people_cannot_both_close_an_item(item: ReviewItem, parking: Entry, stan: User) -> None:
    fixing.fix(item, wording(parking), stan)
    sue = make_person("sue", "Staff")
    with pytest.raises(ItemError, match="closed meanwhile by stan"):
        fixing.mark(item, ReviewItem.Mark.SPAM, sue)


def test_who_has_the_lock_is_named_to_the_other(item: ReviewItem, parking: Entry, stan: User) -> None:
    sue = make_person("sue", "Staff")
    assert lock(item, sue)
    assert not lock(item, stan)
    with pytest.raises(ItemError, match="sue is working on this item"):
        fixing.fix(item, wording(parking), stan)
    assert Entry.objects.get(pk=parking.pk).version == parking.version


def test_a_lock_ends_by_itself(item: ReviewItem, stan: User) -> None:
    sue = make_person("sue", "Staff")
    lock(item, sue)
    ReviewItem.objects.update(locked_until="2020-01-01T00:00:00Z")
    assert lock(item, stan)


def test_an_entry_that_changed_meanwhile_is_not_overwritten(item: ReviewItem, parking: Entry, stan: User) -> None:
    typed = edit(parking, "Mine.")
    save_entry(Entry.objects.get(pk=parking.pk), phrasings=["somebody else's"])
    with pytest.raises(EntryChangedError):
        fixing.fix(item, typed, stan)
    assert [p.text for p in parking.phrasings.all()] == ["somebody else's"]
    assert ReviewItem.objects.get().state == "open"
    assert not GoldenQuestion.objects.exists()


def test_a_wording_that_is_there_already_is_refused(item: ReviewItem, parking: Entry, stan: User) -> None:
    with pytest.raises(ValidationError, match="there already"):
        fixing.fix(item, wording(parking, "IS THERE PARKING"), stan)


def test_an_entry_of_a_base_that_the_assistant_does_not_know_is_refused(item: ReviewItem, stan: User) -> None:
    from knowledge.services import EntryGoneError

    elsewhere = KnowledgeBase.objects.create(name="Elsewhere", slug="elsewhere")
    entry = save_entry(Entry(knowledge_base=elsewhere, question="Q?", answer="A.", status="published"))
    with pytest.raises(EntryGoneError):
        fixing.fix(item, wording(entry), stan)


# --- undoing


def test_undoing_takes_all_of_it_back(
    item: ReviewItem, parking: Entry, stan: User, assistant: Assistant, index: Callable[[], None]
) -> None:
    made = fixing.fix(item, wording(parking), stan)
    index()
    fixing.undo(made, stan)
    assert [p.text for p in parking.phrasings.all()] == ["is there parking"]
    assert not GoldenQuestion.objects.exists()
    assert ReviewItem.objects.get().state == "open"
    with pytest.raises(ItemError, match="undone already"):
        fixing.undo(made, stan)


def test_undoing_a_new_entry_deletes_it(item: ReviewItem, stan: User, base: KnowledgeBase) -> None:
    count = base.entries.count()
    made = fixing.fix(item, Correction(Kind.NEW, question="Leave a car?", answer="Here."), stan)
    fixing.undo(made, stan)
    assert base.entries.count() == count


def test_a_golden_question_gets_back_what_it_expected_before(
    item: ReviewItem, parking: Entry, base: KnowledgeBase, stan: User
) -> None:
    other = base.entries.get(question="Which cards do you take?")
    GoldenQuestion.objects.create(knowledge_base=base, question=ODD, entry=other)
    made = fixing.fix(item, wording(parking), stan)
    assert GoldenQuestion.objects.get().entry == parking
    fixing.undo(made, stan)
    assert GoldenQuestion.objects.get().entry == other


def test_a_golden_question_that_had_lost_its_entry_has_lost_it_again(
    item: ReviewItem, parking: Entry, base: KnowledgeBase, stan: User
) -> None:
    GoldenQuestion.objects.create(knowledge_base=base, question=ODD, lost=True)
    made = fixing.fix(item, wording(parking), stan)
    assert not GoldenQuestion.objects.get().lost
    fixing.undo(made, stan)
    assert GoldenQuestion.objects.get().lost


def test_what_is_saved_while_a_wording_is_added_is_not_overwritten(
    item: ReviewItem, parking: Entry, stan: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_wordings = fixing._with_wordings

    def meanwhile(*arguments: Any) -> list[str]:
        fresh = Entry.objects.get(pk=parking.pk)
        fresh.answer = "Somebody else's answer."
        save_entry(fresh)
        return with_wordings(*arguments)

    monkeypatch.setattr(fixing, "_with_wordings", meanwhile)
    with pytest.raises(EntryChangedError):
        fixing.fix(item, wording(parking), stan)


def test_what_somebody_built_on_is_not_undone(item: ReviewItem, parking: Entry, stan: User) -> None:
    made = fixing.fix(item, wording(parking), stan)
    save_entry(Entry.objects.get(pk=parking.pk), phrasings=["mine"])
    with pytest.raises(ItemError, match="Somebody else has saved this entry since"):
        fixing.undo(made, stan)


# --- the model's draft


def test_a_draft_needs_a_model(item: ReviewItem, settings: Any) -> None:
    from review.drafting import DraftError, draft_answer

    with pytest.raises(DraftError, match="No model is set up"):
        draft_answer(item, ODD)
