"""The fault table: everything that a model's server can do wrong, what the visitor saw then, and how long it took.

Each fault gets a web process of its own, so that none meets the open circuit that another one left. The whole takes
about two minutes, most of them spent in waiting for silence to end.
"""

import json
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import httpx
from django.core.management import call_command

from benchmarks import sandbox  # starts Django: first of all that is the product's
from benchmarks.chat import Heard, ask, web
from benchmarks.reporting import options, say
from chatbot.api_keys import create_key
from chatbot.models import Assistant, Message
from tests.chatbot.model_server import Act, ModelServer, drips, hangs, never_ends, refuses, says, sends, serving

QUESTION = "How much is delivery for parts and accessories?"
FIRST_TOKEN_S = 20
# The longest that anything may take: the first word's limit and what comes after it.
LIMIT_S = FIRST_TOKEN_S + 15 + 5
CHUNK = b'data: {"choices": [{"index": 0, "delta": {"content": "Delivery is "}, "finish_reason": null}]}\n\n'
WORDS = "It costs something to send a parcel and we tell you how much at the checkout. "
FAULTS: dict[str, tuple[Act, ...]] = {
    "connection refused": (),
    "401, the key is wrong": (refuses(401),),
    "404, no such model": (refuses(404),),
    "429, no Retry-After": (refuses(429),),
    "429, Retry-After: 1, then an answer": (refuses(429, Retry_After="1"), says("It costs £3.95 [1].")),
    "429, Retry-After: 45": (refuses(429, Retry_After="45"),),
    "500": (refuses(500),),
    "500, then an answer": (refuses(500), says("It costs £3.95 [1].")),
    "silence from the first": (hangs(),),
    "silence after a few words": (hangs("Delivery is "),),
    "comments and never a word": (drips,),
    "a stream that stops midway": (says("Delivery is ", finish_reason=None),),
    "invalid JSON in a chunk": (sends(CHUNK + b"data: {not json\n\n"),),
    "invalid UTF-8 in a chunk": (sends(CHUNK + b'data: {"choices": [{"delta": {"content": "\xff\xfe"}}]}\n\n'),),
    "a page of HTML with status 200": (sends(b"<html>Welcome</html>", "text/html"),),
    "an endless answer": (never_ends,),
    "an answer that never gets to the point": (says(*[WORDS] * 400, finish_reason="length"),),
    "an empty answer": (says(),),
}


@dataclass(frozen=True)
class Row:
    """What became of one fault; seconds until the first word of anything and until the end."""

    fault: str
    visitor: str
    first_s: float | None
    whole_s: float
    asked: int
    reason: str


def main() -> int:
    """Go through the faults and print the table; returns the exit code."""
    parser = options(__doc__ or "")
    parser.add_argument("--only", help="faults with this in their name")
    chosen = parser.parse_args()
    rows = []
    with sandbox.installation():
        secret = _prepare()
        for fault, script in FAULTS.items():
            if chosen.only and chosen.only not in fault:
                continue
            with _model(script) as (url, server), _client(url, secret) as client:
                rows.append(_row(fault, ask(client, QUESTION), server))
            say(f"{fault}: {rows[-1].visitor}, {rows[-1].whole_s:.1f} s")
        if not chosen.only:
            rows += _after_three(secret)
    _print(rows)
    if chosen.json:
        print(json.dumps([asdict(row) for row in rows], ensure_ascii=False))
    return 0 if all(row.whole_s <= LIMIT_S and row.visitor != "nothing" for row in rows) else 1


def _after_three(secret: str) -> list[Row]:
    """The circuit: three failures in a row, and the fourth visitor gets the entry at once."""
    with _model((refuses(500),)) as (url, server), _client(url, secret) as client:
        for _ in range(3):
            ask(client, QUESTION)
        before = len(server.requests) if server else 0
        fourth = _row("the next one after three of them", ask(client, QUESTION), server)
    return [Row(**{**asdict(fourth), "asked": fourth.asked - before})]


def _prepare() -> str:
    say("Loading the demo …")
    call_command("load_demo", verbosity=0)
    call_command("rebuild_index", verbosity=0)
    assistant = Assistant.objects.get(is_default=True)
    assistant.mode = Assistant.Mode.WRITE
    assistant.save()
    return create_key(assistant, "benchmark")[1]


@contextmanager
def _model(script: tuple[Act, ...]) -> Iterator[tuple[str, ModelServer | None]]:
    """Serve the script; without one the address is of nobody."""
    if script:
        with serving(*script) as server:
            yield server.url, server
        return
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound and not listening: nobody else gets it, and it refuses
        yield f"http://127.0.0.1:{nobody.getsockname()[1]}/v1", None


@contextmanager
def _client(model_url: str, secret: str) -> Iterator[httpx.Client]:
    settings = {"CHAT_MODEL": "scripted", "OPENAI_BASE_URL": model_url, "OPENAI_API_KEY": "none"}
    with (
        web(**settings, CHAT_FIRST_TOKEN_S=str(FIRST_TOKEN_S), LOG_LEVEL="ERROR") as (url, _),
        httpx.Client(base_url=url, headers={"Authorization": f"Bearer {secret}"}, timeout=120) as client,
    ):
        yield client


def _row(fault: str, heard: Heard, server: ModelServer | None) -> Row:
    reply: dict[str, Any] = heard.reply
    message = Message.objects.get(pk=reply["id"])
    first_s = None if heard.first_token_s is None else round(heard.first_token_s, 2)
    asked = len(server.requests) if server else 0
    return Row(fault, _seen(reply), first_s, round(heard.whole_s, 2), asked, message.failure)


def _seen(reply: dict[str, Any]) -> str:
    """What the visitor read at the end, in a few words."""
    text = str(reply.get("answer", ""))
    if not text:
        return "nothing"
    if reply["outcome"] == "quote":
        return "the entry, with a plain word before it" if text.startswith("I couldn't write") else "the entry"
    return {"write": "the answer", "clarify": "a question back", "decline": "an honest no"}[reply["outcome"]]


def _print(rows: list[Row]) -> None:
    print("| fault | what the visitor saw | seconds | the model was asked | why, for staff |")
    print("|---|---|---|---|---|")
    for row in rows:
        print(f"| {row.fault} | {row.visitor} | {row.whole_s:.1f} | {row.asked} | {row.reason[:110]} |")


if __name__ == "__main__":
    sys.exit(main())
