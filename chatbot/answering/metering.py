"""Calls of the model within the assistant's budget: set aside before, settled after, however the call ends."""

import asyncio
import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import structlog
from django.conf import settings

from chatbot.budgets import claim_warning, reserve, settle
from chatbot.chat_model import Call
from chatbot.threads import in_thread

log = structlog.get_logger(__name__)


@asynccontextmanager
async def metered(
    assistant_id: uuid.UUID | None, tokens_in: int, tokens_out: int, trace: dict[str, Any]
) -> AsyncGenerator[Call, None]:
    """Yield the call to be filled in, and add its cost to the trace; raises BudgetError before it."""
    call = Call()
    if assistant_id is None:
        yield call
        return
    reservation = await in_thread(reserve)(assistant_id, tokens_in, tokens_out)
    try:
        yield call
    finally:
        # A reply that is stopped must still pay for what it used.
        cost = await asyncio.shield(in_thread(settle)(reservation, call))
        if settings.MODEL_PRICES:
            trace["cost"] = float(cost) + float(trace.get("cost", 0))
        if spent := await in_thread(claim_warning)(assistant_id):
            log.warning("budget_nearly_used", assistant=str(assistant_id), share=spent.share, tokens=spent.tokens)
