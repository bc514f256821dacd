"""What an assistant's model may use in a calendar month (UTC): reserved before each call, settled after it.

A reservation is counted as spent until it is settled, so calls at the same time cannot pass the ceiling together. One
whose process died stays counted: a ceiling errs towards less.
"""

import uuid
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import structlog
from django.conf import settings
from django.db.models import F, Q
from django.db.models.functions import Greatest
from django.utils import timezone

from chatbot.chat_model import Call
from chatbot.models import Assistant, Spending

WARN_AT = 0.8
_PER = Decimal(1_000_000)
log = structlog.get_logger(__name__)


class BudgetError(Exception):
    """The model may not be asked this month; the message is for staff."""


@dataclass(frozen=True)
class Reservation:
    """What was set aside for a call."""

    assistant_id: uuid.UUID
    month: date
    tokens: int
    cost: Decimal


@dataclass(frozen=True)
class Spent:
    """What a month came to; the ceilings are None where there is none, `share` is of the nearer ceiling, 0 to 1."""

    month: date
    tokens: int
    cost: Decimal
    calls: int
    max_tokens: int | None
    max_cost: Decimal | None

    @property
    def share(self) -> float | None:
        """How much of the nearer ceiling is used; None without any."""
        shares = []
        if self.max_tokens is not None:
            shares.append(self.tokens / self.max_tokens if self.max_tokens else 1.0)
        if self.max_cost is not None:
            shares.append(float(self.cost / self.max_cost) if self.max_cost else 1.0)
        return max(shares) if shares else None


def price_of(model: str, tokens_in: int, tokens_out: int) -> Decimal | None:
    """Return what so many tokens cost, in the currency of MODEL_PRICES; None for a model without a price."""
    prices = settings.MODEL_PRICES.get(model)
    return None if prices is None else (prices[0] * tokens_in + prices[1] * tokens_out) / _PER


def reserve(assistant_id: uuid.UUID, tokens_in: int, tokens_out: int) -> Reservation:
    """Set aside what a call may use at most; raises BudgetError where that would pass a ceiling."""
    assistant = Assistant.objects.only("monthly_tokens", "monthly_cost").get(pk=assistant_id)
    cost = price_of(settings.CHAT_MODEL, tokens_in, tokens_out)
    if cost is None and assistant.monthly_cost is not None:
        raise BudgetError(
            f"MODEL_PRICES has no price for {settings.CHAT_MODEL}, so the ceiling in money cannot be kept: nothing is "
            "written. Add the price, or take the ceiling away."
        )
    wanted = Reservation(assistant_id, _this_month(), tokens_in + tokens_out, cost or Decimal(0))
    spending, _ = Spending.objects.get_or_create(assistant_id=assistant_id, month=wanted.month)
    room = Q(pk=spending.pk)
    if assistant.monthly_tokens is not None:
        room &= Q(tokens__lte=assistant.monthly_tokens - wanted.tokens)
    if assistant.monthly_cost is not None:
        room &= Q(cost__lte=assistant.monthly_cost - wanted.cost)
    taken = Spending.objects.filter(room).update(
        tokens=F("tokens") + wanted.tokens, cost=F("cost") + wanted.cost, calls=F("calls") + 1
    )
    if not taken:
        raise BudgetError("The assistant's budget of this month is used up: answers are quoted until the next.")
    return wanted


def settle(reservation: Reservation, call: Call) -> Decimal:
    """Put what a call really used in the place of what was set aside; returns its cost."""
    cost = price_of(settings.CHAT_MODEL, call.prompt_tokens, call.completion_tokens) or Decimal(0)
    used = call.prompt_tokens + call.completion_tokens
    Spending.objects.filter(assistant_id=reservation.assistant_id, month=reservation.month).update(
        tokens=Greatest(F("tokens") + (used - reservation.tokens), 0),
        cost=Greatest(F("cost") + (cost - reservation.cost), Decimal(0)),
    )
    return cost


def claim_warning(assistant_id: uuid.UUID) -> Spent | None:
    """Return the month's spending where staff have to be told that 80 % are used: once a month, None otherwise."""
    spent = spending_of(Assistant.objects.get(pk=assistant_id))
    if spent.share is None or spent.share < WARN_AT:
        return None
    mine = Spending.objects.filter(assistant_id=assistant_id, month=spent.month, warned_at=None)
    return spent if mine.update(warned_at=timezone.now()) else None


def spending_of(assistant: Assistant) -> Spent:
    """Return what this month came to so far."""
    return _spent(assistant, Spending.objects.filter(assistant=assistant, month=_this_month()).first())


def spent_this_month() -> list[tuple[Assistant, Spent]]:
    """Return every assistant that has a ceiling with what its month came to so far."""
    rows = {row.assistant_id: row for row in Spending.objects.filter(month=_this_month())}
    limited = Assistant.objects.exclude(monthly_tokens=None, monthly_cost=None)
    return [(assistant, _spent(assistant, rows.get(assistant.pk))) for assistant in limited]


def _spent(assistant: Assistant, row: Spending | None) -> Spent:
    tokens, cost, calls = (row.tokens, row.cost, row.calls) if row else (0, Decimal(0), 0)
    return Spent(_this_month(), tokens, cost, calls, assistant.monthly_tokens, assistant.monthly_cost)


def _this_month() -> date:
    # The month of the contract is that of UTC, whatever the site's own zone.
    return timezone.now().date().replace(day=1)
