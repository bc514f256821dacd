"""What a model may use in a month: never passed, also by calls at the same time, and settled to what was used."""

import re
import threading
import uuid
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.urls import reverse
from pytest_django import Settings

from chatbot import budgets
from chatbot.answering import Asked, Draft, answer
from chatbot.budgets import BudgetError, claim_warning, reserve, settle, spending_of
from chatbot.chat_model import Call
from chatbot.deciding import Policy
from chatbot.models import Assistant, Spending
from config.prices import parse_prices
from knowledge.models import KnowledgeBase
from tests.chatbot.conftest import OPENING, RETURNS
from tests.chatbot.model_server import says, serving
from tests.people import client_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _prices(settings: Settings) -> None:
    settings.CHAT_MODEL, settings.MODEL_PRICES = "m", parse_prices("m=1/10")


def used(tokens_in: int, tokens_out: int) -> Call:
    return Call(prompt_tokens=tokens_in, completion_tokens=tokens_out)


def spent(assistant: Assistant) -> tuple[int, Decimal]:
    month = spending_of(assistant)
    return month.tokens, month.cost


def test_what_is_set_aside_is_replaced_by_what_was_used(assistant: Assistant) -> None:
    reservation = reserve(assistant.pk, 500, 1_000)
    assert spent(assistant) == (1_500, Decimal("0.0105"))
    assert settle(reservation, used(480, 20)) == Decimal("0.00068")
    assert spent(assistant) == (500, Decimal("0.00068"))
    assert spending_of(assistant).calls == 1


def test_a_ceiling_in_tokens_is_kept(assistant: Assistant) -> None:
    Assistant.objects.update(monthly_tokens=2_000)
    reserve(assistant.pk, 500, 1_000)
    with pytest.raises(BudgetError, match="used up"):
        reserve(assistant.pk, 1, 500)
    reserve(assistant.pk, 0, 500)


def test_a_ceiling_in_money_is_kept_and_not_without_a_price(assistant: Assistant, settings: Settings) -> None:
    Assistant.objects.update(monthly_cost=Decimal("0.02"))
    reserve(assistant.pk, 0, 1_500)
    with pytest.raises(BudgetError, match="used up"):
        reserve(assistant.pk, 0, 1_000)
    settings.CHAT_MODEL = "unknown"
    with pytest.raises(BudgetError, match="no price for unknown"):
        reserve(assistant.pk, 0, 1)


def test_without_a_ceiling_everything_is_counted_and_nothing_refused(assistant: Assistant, settings: Settings) -> None:
    settings.CHAT_MODEL = "unknown"
    settle(reserve(assistant.pk, 10**9, 10**9), used(7, 8))
    assert spent(assistant) == (15, Decimal(0))
    assert spending_of(assistant).share is None


def test_a_new_month_begins_with_nothing(assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    Assistant.objects.update(monthly_tokens=1_000)
    reserve(assistant.pk, 0, 1_000)
    monkeypatch.setattr(budgets, "_this_month", lambda: date(2099, 1, 1))
    reserve(assistant.pk, 0, 1_000)
    assert Spending.objects.count() == 2


def at_once(work: Callable[[], object], number: int) -> int:
    """How many of so many threads got through."""
    results = []

    def run() -> None:
        try:
            work()
            results.append(True)
        except BudgetError:
            results.append(False)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == number
    return sum(results)


def test_calls_at_the_same_time_do_not_pass_the_ceiling_together(assistant: Assistant) -> None:
    Assistant.objects.update(monthly_tokens=1_000)
    assert at_once(lambda: reserve(assistant.pk, 0, 200), 12) == 5
    assert spent(assistant)[0] == 1_000


def test_staff_are_warned_once_when_four_fifths_are_used(assistant: Assistant) -> None:
    Assistant.objects.update(monthly_tokens=1_000)
    reserve(assistant.pk, 0, 799)
    assert claim_warning(assistant.pk) is None
    reserve(assistant.pk, 0, 1)
    warned = claim_warning(assistant.pk)
    assert warned is not None
    assert warned.share == pytest.approx(0.8)
    assert claim_warning(assistant.pk) is None


async def test_an_answer_counts_what_the_model_used(
    assistant: Assistant, base: KnowledgeBase, settings: Settings
) -> None:
    asked = Asked(OPENING[0], (base.pk,), "No.", assistant_id=assistant.pk, policy=Policy.of(assistant))
    with serving(says("We are open Monday to Friday [1].", usage=(300, 12))) as server:
        settings.OPENAI_BASE_URL = server.url
        draft = [step async for step in answer(asked, may_write=True)][-1]
    assert isinstance(draft, Draft)
    assert draft.trace["call"]["completion_tokens"] == 12
    assert draft.trace["cost"] == pytest.approx(0.00042)
    row = await Spending.objects.aget(assistant=assistant)
    assert (row.tokens, row.calls) == (312, 1)


async def test_a_model_that_invents_is_paid_for_too(
    assistant: Assistant, base: KnowledgeBase, settings: Settings
) -> None:
    asked = Asked(OPENING[0], (base.pk,), "No.", assistant_id=assistant.pk, policy=Policy.of(assistant))
    with serving(says("We are open from 3 to 4 [1].")) as server:
        settings.OPENAI_BASE_URL = server.url
        _ = [step async for step in answer(asked, may_write=True)]
    row = await Spending.objects.aget(assistant=assistant)
    assert 0 < row.tokens < 1_000


async def test_with_the_budget_used_up_answers_are_quoted_and_staff_learn_why(
    assistant: Assistant, base: KnowledgeBase, settings: Settings
) -> None:
    await Assistant.objects.aupdate(monthly_tokens=10)
    asked = Asked(OPENING[0], (base.pk,), "No.", assistant_id=assistant.pk, policy=Policy.of(assistant))
    with serving(says("Never.")) as server:
        settings.OPENAI_BASE_URL = server.url
        draft = [step async for step in answer(asked, may_write=True)][-1]
    assert isinstance(draft, Draft)
    assert (draft.outcome, draft.text, draft.failure) == ("quote", OPENING[1], "")
    assert "used up" in draft.trace["budget"]
    assert server.requests == []
    assert RETURNS[1] not in draft.text


@pytest.mark.parametrize("text", ["m", "m=1", "m=1/x", "=1/2", "m=-1/2", "m=nan/1", "m=1/2/3"])
def test_a_price_table_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="MODEL_PRICES"):
        parse_prices(text)


def test_a_price_table_has_models_with_any_name() -> None:
    prices = parse_prices(" gpt-5-mini=0.25/2.00, org/model:7b=0/0 ,")
    assert prices == {"gpt-5-mini": (Decimal("0.25"), Decimal("2.00")), "org/model:7b": (Decimal(0), Decimal(0))}
    assert parse_prices("") == {}


def test_the_key_of_no_assistant_is_an_error_and_no_free_call(db: None) -> None:
    with pytest.raises(Assistant.DoesNotExist):
        reserve(uuid.uuid4(), 1, 1)


def test_the_admins_front_page_warns_of_a_budget_that_is_nearly_used(assistant: Assistant) -> None:
    client = client_of(User.objects.create_superuser("root", password="x"))

    def front_page() -> str:
        return " ".join(re.sub(r"<[^>]+>", "", client.get(reverse("admin:index")).content.decode()).split())

    reserve(assistant.pk, 0, 850)
    assert "budget" not in front_page()
    Assistant.objects.update(monthly_tokens=1_000)
    assert "Ada has used 85 % of its model's budget for this month." in front_page()
    Assistant.objects.update(monthly_tokens=850)
    assert "The model's budget of Ada for this month is used up." in front_page()
    Assistant.objects.update(monthly_tokens=5_000)
    assert "budget" not in front_page()
