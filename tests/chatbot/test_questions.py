"""What can be asked, and in which words the rest is refused."""

import pytest

from chatbot.models import QUESTION_LENGTH
from chatbot.questions import QuestionRefusedError, clean_question


@pytest.mark.parametrize("text", ["", "   ", "\n\t \r\n", "\u200b\u200d", "\ufeff", "\u00a0"])
def test_nothing_to_read_is_no_question(text: str) -> None:
    with pytest.raises(QuestionRefusedError, match="type a question"):
        clean_question(text)


@pytest.mark.parametrize("text", ["a\x00b", "\x1b[31m", "a\ud800b", "a\x7fb", "a\x85x", "PK\x03\x04"])
def test_what_is_not_text_is_refused(text: str) -> None:
    with pytest.raises(QuestionRefusedError, match="not text"):
        clean_question(text)


def test_a_question_is_trimmed_composed_and_has_one_kind_of_line_end() -> None:
    assert clean_question("  cafe\u0301?\r\nWhen\rnow\t!  \n") == "caf\u00e9?\nWhen\nnow\t!"


@pytest.mark.parametrize("text", ["?", "🚲", "في أي وقت؟", "营业时间?", "👩‍👩‍👧"])
def test_every_script_and_sign_can_be_asked(text: str) -> None:
    assert clean_question(text) == text


def test_length_counts_after_cleaning_and_the_refusal_gives_both_numbers() -> None:
    assert clean_question("e\u0301" * QUESTION_LENGTH + "   ") == "\u00e9" * QUESTION_LENGTH
    with pytest.raises(QuestionRefusedError, match="100,000 characters, and 4,000"):
        clean_question("x" * 100_000)


@pytest.mark.parametrize("many", [15_000, 1_000_000])
def test_heaps_of_accents_are_refused_before_they_cost_anything(many: int) -> None:
    with pytest.raises(QuestionRefusedError):
        clean_question("e" + "\u0301\u0316" * (many // 2))
