"""Whether sources still stand: asked by many answers at once, in few queries, and never answered from before."""

import asyncio

import pytest
from asgiref.sync import sync_to_async

from chatbot import standing
from chatbot.standing import Listed, SourcesChangedError, check_standing, still_standing
from knowledge.models import Entry
from tests.chatbot.conftest import edit_entry, unpublish_entry

pytestmark = pytest.mark.django_db(transaction=True)


def listed(entry: Entry) -> Listed:
    return Listed(1, entry.pk, entry.version, entry.question, entry.answer, 0.9)


def test_entries_stand_until_one_of_them_is_edited(opening: Entry, parking: Entry) -> None:
    entries = (listed(opening), listed(parking))
    check_standing(entries)
    edit_entry(parking, "Nowhere.")
    with pytest.raises(SourcesChangedError):
        check_standing(entries)


async def test_each_of_many_who_ask_at_once_gets_its_own_answer(opening: Entry, parking: Entry, returns: Entry) -> None:
    await sync_to_async(unpublish_entry)(parking)
    asked = [(listed(opening),), (listed(parking), listed(opening)), (listed(returns), listed(opening)), ()]
    answers = await asyncio.gather(*map(still_standing, asked), return_exceptions=True)
    assert [type(answer) for answer in answers] == [type(None), SourcesChangedError, type(None), type(None)]


async def test_many_who_ask_at_once_share_queries(opening: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    queries = []

    def counted(entries: list[Listed]) -> list[bool]:
        queries.append(len(entries))
        return original(entries)

    original = standing.standing
    monkeypatch.setattr(standing, "standing", counted)
    await asyncio.gather(*(still_standing((listed(opening),)) for _ in range(50)))
    assert sum(queries) == 50
    assert len(queries) <= 2


async def test_who_asks_after_an_edit_is_never_told_of_before_it(opening: Entry) -> None:
    entry = listed(opening)
    first = asyncio.create_task(still_standing((entry,)))
    await asyncio.sleep(0)
    await sync_to_async(edit_entry)(opening, "Never.")
    with pytest.raises(SourcesChangedError):
        await still_standing((entry,))
    await asyncio.gather(first, return_exceptions=True)


async def test_an_error_of_the_database_reaches_everyone_who_asked(
    opening: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(entries: list[Listed]) -> list[bool]:
        raise ZeroDivisionError

    monkeypatch.setattr(standing, "standing", broken)
    answers = await asyncio.gather(*(still_standing((listed(opening),)) for _ in range(3)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [ZeroDivisionError] * 3
    monkeypatch.undo()
    await still_standing((listed(opening),))
