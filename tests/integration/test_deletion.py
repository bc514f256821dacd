"""Deletion leaves nothing: what a person said is in no file of database, index, broker and logs, and in no cache.

In the product's own processes, after all that words go through: asked, answered, queued, marked by staff, kept as a
golden question.
"""

import re
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import redis

from tests.browser.product import PROGRAMS, House, furnished_house, run, served
from tests.conftest import free_port, running_server, server_folder

pytestmark = pytest.mark.processes
WORD = "xylophonist"
ASKED = f"which planet has a {WORD}"
STAFF = """
from django.contrib.auth.models import User
from chatbot.models import Conversation
from review import collecting, fixing, privacy
from review.models import ReviewItem
boss = User.objects.get(username="admin")
"""
WAIT_S = 30


@pytest.fixture
def chroma_folder() -> Iterator[tuple[str, Path]]:
    """A Chroma of its own, whose folder can be looked through."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with server_folder("chroma") as folder:
        command = [str(PROGRAMS / "chroma"), "run", "--path", str(folder / "data"), "--port", str(port)]
        with running_server(command, folder, lambda: httpx.get(f"{url}/api/v2/heartbeat").is_success):
            yield url, folder


@pytest.fixture(params=["files", "redis"])
def redis_or_none(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue("redis_url")) if request.param == "redis" else ""


def test_nothing_of_a_deleted_person_is_left(chroma_folder: tuple[str, Path], redis_or_none: str) -> None:
    chroma, index = chroma_folder
    with tempfile.TemporaryDirectory(prefix="candor-deletion-", ignore_cleanup_errors=True) as folder:
        data = Path(folder)
        with furnished_house(data, chroma, REDIS_URL=redis_or_none) as house, served(house) as site:
            ask(site, house)
            assert WORD.encode() in (data / "candor.sqlite3").read_bytes() + wal(data), (
                "the test looks at the wrong file"
            )
            until_queued(house)
            staff(
                house, "fixing.mark(ReviewItem.objects.get(title__contains=WORD), ReviewItem.Mark.OUT_OF_SCOPE, boss)"
            )
            deleted = staff(
                house,
                "visitor = Conversation.objects.get(messages__text__contains=WORD, messages__role='user').visitor_id\n"
                "gone = privacy.delete_person(privacy.conversations_of(boss, str(visitor)), boss)\n"
                "print(gone.conversations, gone.golden)",
            )
            assert deleted == "1 1"
            time.sleep(1)
            assert found_in([data, index]) == []
            assert redis_or_none == "" or found_in_redis(redis_or_none) == []


def ask(site: str, house: House) -> None:
    """On the chat page, until there is an answer, which does not help."""
    with httpx.Client(base_url=site, follow_redirects=True) as browser:
        token = re.search(r'"X-CSRFToken": "([^"]+)"', browser.get("/").text)
        assert token
        key = house.keys["Larkmoor Cycles"]
        fields = {"question": ASKED, "csrfmiddlewaretoken": token[1]}
        browser.post(f"/a/{key}/ask/", data=fields, headers={"Referer": site})
        for _ in range(WAIT_S):
            page = browser.get(f"/a/{key}/").text
            if "reply-body" in page:
                break
            time.sleep(0.5)
        assert WORD in page


def until_queued(house: House) -> None:
    for _ in range(WAIT_S):
        if staff(house, "print(ReviewItem.objects.filter(title__contains=WORD).count())") == "1":
            return
        time.sleep(1)
    pytest.fail("The question was not taken in.")


def staff(house: House, code: str) -> str:
    """What a member of staff's doing prints."""
    return run("-c", f"import django; django.setup()\nWORD = {WORD!r}\n{STAFF}{code}", environment=house.environment)


def wal(data: Path) -> bytes:
    log = data / "candor.sqlite3-wal"
    return log.read_bytes() if log.exists() else b""


def found_in(folders: list[Path]) -> list[str]:
    """Files that have the word in them."""
    files = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
    return [str(file) for file in files if WORD.encode() in file.read_bytes()]


def found_in_redis(url: str) -> list[str]:
    """Keys whose name or value has the word in it."""
    with redis.Redis.from_url(url) as client:
        dumps = {key: client.dump(key) or b"" for key in client.scan_iter("*")}
    return [repr(key) for key, value in dumps.items() if WORD.encode() in key + value]
