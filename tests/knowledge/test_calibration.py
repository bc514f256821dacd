"""A base's own calibration: what is fitted, what is refused, and that the confidence follows it."""

import json
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from knowledge.calibration import FEWEST, LOWEST_SLOPE, Calibration, TooFewQuestionsError, fit, held_out
from knowledge.indexing import drain
from knowledge.models import Entry, KnowledgeBase
from knowledge.retrieval import retrieve
from knowledge.services import keep_golden_question
from tests.knowledge.factories import MeddledStore, WordEmbedder, make_entries

OVERCONFIDENT = [3.0] * 60 + [-3.0] * 60
HALF_RIGHT = [n % 2 == 0 for n in range(60)] + [n % 10 == 0 for n in range(60)]


def test_a_confidence_that_promises_too_much_is_taken_back() -> None:
    calibrated = fit(OVERCONFIDENT, HALF_RIGHT).apply(np.array([3.0, -3.0]))
    assert calibrated == pytest.approx([0.5, 0.1], abs=0.06)


def test_a_confidence_that_holds_stays_nearly_as_it_is() -> None:
    dice = np.random.default_rng(3)
    scores = dice.normal(0, 2, 2_000)
    fitted = fit(scores.tolist(), (dice.random(2_000) < 1 / (1 + np.exp(-scores))).tolist())
    assert (fitted.slope, fitted.offset) == pytest.approx((1, 0), abs=0.15)


def test_a_few_questions_change_less_than_many() -> None:
    scores, right = [3.0] * 10 + [-3.0] * 10, HALF_RIGHT[:10] + HALF_RIGHT[-10:]
    few, many = fit(scores, right), fit(scores * 20, right * 20)
    by_few, by_many = (float(c.apply(np.array([3.0]))[0]) for c in (few, many))
    assert 0.5 < by_many < by_few < 0.95


def test_the_order_of_questions_is_never_turned_round_and_their_share_is_kept() -> None:
    scores, right = [3.0] * 60 + [-3.0] * 40, [False] * 60 + [True] * 40
    fitted = fit(scores, right)
    assert fitted.slope == LOWEST_SLOPE
    assert float(fitted.apply(np.array(scores)).mean()) == pytest.approx(0.4, abs=0.05)


def test_what_is_said_of_new_questions_is_worse_than_what_is_said_of_those_fitted_on() -> None:
    dice = np.random.default_rng(3)
    scores = dice.normal(0, 1, 30)
    right = dice.random(30) < 0.5
    seen, unseen = fit(scores.tolist(), right.tolist()).apply(scores), held_out(scores.tolist(), right.tolist())
    assert ((unseen - right) ** 2).mean() > ((seen - right) ** 2).mean()


def test_of_many_questions_those_held_out_are_told_as_well() -> None:
    right = HALF_RIGHT * 5
    unseen = held_out(OVERCONFIDENT * 5, right)
    assert unseen == pytest.approx(fit(OVERCONFIDENT * 5, right).apply(np.array(OVERCONFIDENT * 5)), abs=0.03)


@pytest.mark.parametrize(
    ("right", "message"),
    [
        ([True, False] * 5, f"at least {FEWEST}"),
        ([True] * 50, "Add questions that no entry answers"),
        ([False] * 50, "Add questions that an entry answers"),
    ],
)
def test_too_few_or_too_alike_is_refused_with_what_is_missing(right: list[bool], message: str) -> None:
    with pytest.raises(TooFewQuestionsError, match=message):
        fit([1.0] * len(right), right)


# The command


@pytest.fixture
def golden(
    base: KnowledgeBase, store: MeddledStore, words: WordEmbedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Questions that an index of ten entries gets right, and some that none answers."""
    monkeypatch.setattr("knowledge.retrieval.shelf.get_store", lambda: store)
    entries = make_entries(base, 10)
    drain(store, words)
    Entry.objects.filter(pk=entries[0].pk).update(reference="first")
    asked: list[dict[str, object]] = [
        {"text": f"Where is thing{n} {way}?", "relevant": [str(entries[n].pk)]} for n in range(10) for way in "ab"
    ]
    asked[0]["relevant"] = ["first"]
    asked += [{"text": f"Where is thing{n}?", "relevant": [], "in_scope": False} for n in range(10, 20)]
    file = tmp_path / "golden.jsonl"
    file.write_text("\n".join(map(json.dumps, asked)))
    return file


def sure_of(question: str, base: KnowledgeBase) -> float:
    return retrieve(question, knowledge_bases=[base.pk]).confidence


def test_it_is_fitted_kept_and_undone(golden: Path, base: KnowledgeBase, capsys: pytest.CaptureFixture[str]) -> None:
    before = sure_of("Where is thing12?", base)
    call_command("calibrate", str(golden))
    assert "30 questions" in capsys.readouterr().out
    row = KnowledgeBase.objects.get()
    assert (row.calibration_slope, row.calibration_offset) != (1, 0)
    assert sure_of("Where is thing12?", base) != before
    call_command("calibrate", "--reset")
    assert sure_of("Where is thing12?", base) == before


def test_a_dry_run_changes_nothing(golden: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("calibrate", str(golden), "--dry-run")
    assert "before" in capsys.readouterr().out
    assert KnowledgeBase.objects.get().calibration_slope == Calibration().slope


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"text": "Where?", "relevant": ["nobody"]}', "no entry “nobody”"),
        ('{"text": "Where is thing1?", "relevant": []}', "at least"),
        ("{", "line 1: not valid JSON"),
        ("", "has no questions"),
    ],
)
def test_a_file_that_cannot_be_used_changes_nothing_and_says_why(golden: Path, text: str, message: str) -> None:
    golden.write_text(text)
    with pytest.raises(CommandError, match=message):
        call_command("calibrate", str(golden))


def test_a_file_that_is_not_there_and_a_base_without_golden_questions_are_named(base: KnowledgeBase) -> None:
    with pytest.raises(CommandError, match="no file"):
        call_command("calibrate", "/no/such/file.jsonl")
    with pytest.raises(CommandError, match="no golden questions"):
        call_command("calibrate")


def test_without_a_file_the_golden_questions_of_the_base_are_taken(
    golden: Path, base: KnowledgeBase, capsys: pytest.CaptureFixture[str]
) -> None:
    entries = {str(entry.pk): entry for entry in base.entries.all()} | {"first": Entry.objects.get(reference="first")}
    for row in map(json.loads, golden.read_text().splitlines()):
        keep_golden_question(base, row["text"], entries[row["relevant"][0]] if row["relevant"] else None)
    call_command("calibrate", str(golden))
    by_file = KnowledgeBase.objects.values_list("calibration_slope", "calibration_offset").get()
    call_command("calibrate", "--reset")
    call_command("calibrate")
    assert KnowledgeBase.objects.values_list("calibration_slope", "calibration_offset").get() == pytest.approx(by_file)
    assert capsys.readouterr().out.count("30 questions") == 2
