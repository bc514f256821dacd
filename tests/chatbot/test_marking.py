"""Which sentences of a source an answer rests on."""

import re

import pytest
from django.utils.html import strip_tags
from django.utils.safestring import SafeString
from hypothesis import given
from hypothesis import strategies as st

from chatbot.marking import mark_passages
from knowledge.markdown import render

SOURCE = """Send it back within **30 days** of delivery. Postage is free within Great Britain.

- Worn clothes cannot be returned.
- Refunds take *five working days* & are paid the way you paid.

| What | Cost |
|---|---|
| Bikes | 29 pounds for the carrier |
"""


def marked(answer: str, source: str = SOURCE) -> list[str]:
    return [strip_tags(text) for text in re.findall(r"<mark>(.*?)</mark>", mark_passages(render(source), answer))]


@pytest.mark.parametrize(
    ("answer", "passages"),
    [
        ("You can send it back within 30 days of delivery. [1]", ["Send it back within ", "30 days", " of delivery."]),
        ("Postage is free within Great Britain.", ["Postage is free within Great Britain."]),
        ("Refunds are paid the way you paid and take five working days", None),
        ("The carrier takes 29 pounds for bikes.", ["29 pounds for the carrier"]),
        ("Kostenlos innerhalb von dreißig Tagen.", []),
        ("", []),
    ],
)
def test_the_sentences_that_an_answer_says_again_are_marked(answer: str, passages: list[str] | None) -> None:
    found = marked(answer)
    if passages is None:
        assert "".join(found).startswith("Refunds take five working days")
    else:
        assert [text for text in found if text != "Bikes"] == passages


def test_marks_stand_within_other_markup_and_close_before_it_ends() -> None:
    html = mark_passages(
        render("Send it back within **30 days** of delivery."), "send it back within 30 days of delivery"
    )
    assert "<strong><mark>30 days</mark></strong>" in html


@given(st.text(max_size=300), st.text(max_size=100))
def test_nothing_but_marks_is_added(source: str, answer: str) -> None:
    html = render(source)
    again = mark_passages(html, answer)
    without = re.sub("</?mark>", "", again)
    assert mark_passages(SafeString(without), "") == mark_passages(html, "")
    assert re.findall("<[a-z]+", without) == re.findall("<[a-z]+", html)


def test_escaped_text_stays_escaped() -> None:
    html = mark_passages(render("Type `<script>` and then 5 < 6 & so on."), "Type script and then 5 6 so on")
    assert "<script" not in html
    assert "&lt;script&gt;" in html
