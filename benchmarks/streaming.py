"""Streamed answers: what is added to the time to the first word, at 1, 50 and 200 streams on one web process.

The model talks at a fixed rate in a process of its own, and its readers, ours and those who ask it directly, sit in
another one. Visitors come evenly over the length of one answer, so that so many streams are open at the same time; with
`--burst` all in the same moment. The guard holds a word back until the next one has begun: what is added counts from
the model's second word.
"""

import asyncio
import json
import subprocess
import sys
import time
from argparse import Namespace
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any

import httpx
import psutil

from benchmarks import sandbox
from benchmarks.chat import Chat, ask, chat  # starts Django: first of all that is the product's
from benchmarks.model_server import steady
from benchmarks.product import free_port
from benchmarks.reporting import Figure, options, say, show
from chatbot.models import Assistant, Message
from knowledge.models import Entry
from knowledge.retrieval import retrieve

MB = 1024 * 1024
LIMIT_S = 300


@dataclass(frozen=True)
class Stream:
    """What one reader got: the seconds until the first and the second word, the whole text, and the event numbers."""

    first_s: float
    second_s: float
    text: str
    numbers: tuple[int, ...] = ()
    error: str = ""


def main() -> int:
    """Measure and print; returns the exit code."""
    parser = options(__doc__ or "")
    parser.add_argument("--streams", type=int, nargs="*", default=[1, 50, 200], help="how many at once")
    parser.add_argument("--rate", type=float, default=10.0, help="tokens a second of the model")
    parser.add_argument("--tokens", type=int, default=200, help="tokens of an answer")
    parser.add_argument("--burst", action="store_true", help="all come in the same moment")
    parser.add_argument("--quotes", type=int, default=200, help="quoted answers to time")
    parser.add_argument("--only", choices=("streams", "quotes"), help="measure only this")
    chosen = parser.parse_args()
    figures: list[Figure] = []
    with (
        model(chosen.rate, chosen.tokens) as url,
        chat(CHAT_MODEL="steady", OPENAI_BASE_URL=url, OPENAI_API_KEY="none") as running,
    ):
        if chosen.only in (None, "streams"):
            _set_mode(running, Assistant.Mode.WRITE)
            _warm_up(running)
            for count in chosen.streams:
                figures += asyncio.run(streams(running, url, count, chosen))
        if chosen.only in (None, "quotes"):
            _set_mode(running, Assistant.Mode.QUOTE)
            figures += quotes(running, chosen.quotes)
    return show(figures, as_json=chosen.json)


@contextmanager
def model(rate: float, tokens: int) -> Iterator[str]:
    """Keep the model talking at a rate in a process of its own for the block."""
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.model_server", str(port), str(rate), str(tokens)]
    with sandbox.process(command, sandbox.FOLDER / "model.log") as running:
        _wait_for(f"http://127.0.0.1:{port}/", running)
        yield f"http://127.0.0.1:{port}/v1"


async def streams(running: Chat, url: str, count: int, chosen: Namespace) -> list[Figure]:
    """Ask so many at once, ten rounds of a single one, against as many who ask the model directly."""
    rounds = 5 if count == 1 else 1
    spread_s = 0.0 if chosen.burst else chosen.tokens / chosen.rate
    say(f"{count} at once …")
    process, ours, direct, cpu_s = psutil.Process(running.pid), [], [], 0.0
    idle = process.memory_info().rss
    most = idle
    # One client for all: a new one for each costs more than what is measured.
    async with httpx.AsyncClient(timeout=LIMIT_S, limits=httpx.Limits(max_connections=None)) as client:
        for _ in range(rounds):
            direct += await _spread(count, spread_s, lambda number: _ask_model(client, url, number))
            watch, before = asyncio.create_task(_most_memory(process)), _cpu_s(process)
            ours += await _spread(count, spread_s, lambda number: _ask_us(client, running, number))
            cpu_s += _cpu_s(process) - before
            watch.cancel()
            most = max(most, await watch)
    said = "".join(piece for _, piece in steady(1, chosen.tokens)({})).strip()
    whole = sum(stream.text.strip() == said for stream in ours)
    ordered = sum(list(stream.numbers) == sorted(set(stream.numbers)) for stream in ours)
    for error in {stream.error for stream in [*ours, *direct] if stream.error}:
        say(f"error: {error}")
    errors = sum(bool(stream.error) for stream in [*ours, *direct])
    # Against the model's second word: with it the first one can be let go.
    added = sorted(1000 * (o.first_s - median(d.second_s for d in direct)) for o in ours)
    p95 = added[int(0.95 * (len(added) - 1))]
    name = f"{count} at once" if count > 1 else "1 alone"
    return [
        Figure(f"{name}: model's own first word, median", 1000 * median(d.first_s for d in direct), "ms"),
        Figure(f"{name}: added to it, median", median(added), "ms", at_most=60 if count == 1 else None),
        Figure(f"{name}: added to it, p95", p95, "ms", at_most=500 if count >= 200 else None),
        Figure(f"{name}: whole and right", 100 * whole / len(ours), "%", at_least=100),
        Figure(f"{name}: events in order, none twice", 100 * ordered / len(ours), "%", at_least=100),
        Figure(f"{name}: errors", errors, at_most=0),
        Figure(f"{name}: processor time a stream", 1000 * cpu_s / len(ours), "ms"),
        Figure(f"{name}: memory a stream", (most - idle) / count / MB, "MB"),
    ]


def quotes(running: Chat, count: int) -> list[Figure]:
    """Time whole quoted answers through the API against retrieval alone, in turns, each with its own wording."""
    say("Quoted answers …")
    bases = tuple(running.assistant.knowledge_bases.values_list("pk", flat=True))
    questions = [entry.question for entry in Entry.objects.order_by("reference")]
    whole, alone = [], []
    with running.client() as client:
        for number in range(count):
            # Nobody has asked it so before: neither side finds its vector in memory.
            text = f"{questions[number % len(questions)]} ({number})"
            started = time.perf_counter()
            retrieve(text, knowledge_bases=bases, limit=5)
            alone.append(time.perf_counter() - started)
            heard = ask(client, f"{questions[number % len(questions)]} [{number}]")
            if heard.reply["outcome"] == "quote":
                whole.append(heard.whole_s)
    return [
        Figure("quoted answers timed", len(whole), at_least=count / 2),
        Figure("retrieval alone, median", 1000 * median(alone), "ms"),
        Figure("whole quoted answer, median", 1000 * median(whole), "ms"),
        Figure("ratio, quoted answer to retrieval", median(whole) / median(alone), at_most=2),
    ]


def _set_mode(running: Chat, mode: str) -> None:
    running.assistant.mode = mode
    running.assistant.save()


def _warm_up(running: Chat) -> None:
    with running.client() as client:
        for _ in range(3):
            ask(client, Entry.objects.all()[0].question)


async def _spread(count: int, over_s: float, one: Callable[[int], Awaitable[Stream]]) -> list[Stream]:
    async def later(number: int) -> Stream:
        await asyncio.sleep(over_s * number / count)
        return await one(number)

    return list(await asyncio.gather(*map(later, range(count))))


async def _ask_model(client: httpx.AsyncClient, url: str, number: int) -> Stream:
    body = {"model": "steady", "stream": True, "messages": [{"role": "user", "content": f"question {number}"}]}
    return await _read(client, f"{url}/chat/completions", body, {}, _model_word)


async def _ask_us(client: httpx.AsyncClient, running: Chat, number: int) -> Stream:
    question = f"How much is delivery for parts and accessories? ({number})"
    body = {"question": question, "stream": True}
    return await _read(client, f"{running.url}/api/ask", body, running.headers, _our_word)


def _model_word(_: str, data: dict[str, Any]) -> str:
    return str(data["choices"][0]["delta"].get("content") or "")


def _our_word(name: str, data: dict[str, Any]) -> str:
    return str(data["text"]) if name == "token" else ""


async def _read(
    client: httpx.AsyncClient,
    url: str,
    body: dict[str, Any],
    headers: dict[str, str],
    word: Callable[[str, dict[str, Any]], str],
) -> Stream:
    started, times, text, numbers = time.perf_counter(), [], "", []
    try:
        async with client.stream("POST", url, json=body, headers=headers) as response:
            response.raise_for_status()
            async for name, number, data in _events(response):
                numbers += [number] if number else []
                if said := word(name, data):
                    times.append(time.perf_counter() - started)
                    text += said
                if name == "done" and data["outcome"] != Message.Outcome.WRITE:
                    return Stream(0, 0, text, tuple(numbers), f"{data['outcome']}: {data['answer'][:80]}")
    except httpx.HTTPError as error:
        return Stream(0, 0, text, tuple(numbers), repr(error))
    if len(times) < 2:
        return Stream(0, 0, text, tuple(numbers), "said nothing")
    return Stream(times[0], times[1], text, tuple(numbers))


async def _events(response: httpx.Response) -> AsyncIterator[tuple[str, int, dict[str, Any]]]:
    name, number = "", 0
    async for line in response.aiter_lines():
        if line.startswith("event: "):
            name = line[7:]
        elif line.startswith("id: "):
            number = int(line[4:])
        elif line.startswith("data: ") and line != "data: [DONE]":
            yield name, number, json.loads(line[6:])


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


async def _most_memory(process: psutil.Process) -> int:
    most = 0
    try:
        while True:
            most = max(most, process.memory_info().rss)
            await asyncio.sleep(0.2)
    except asyncio.CancelledError:
        return most


def _wait_for(url: str, running: subprocess.Popen[bytes]) -> None:
    while running.poll() is None:
        try:
            httpx.post(url, json={}, timeout=5)
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            return
    sys.exit("The model did not start.")


if __name__ == "__main__":
    sys.exit(main())
