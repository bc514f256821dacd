"""A scripted language model that speaks OpenAI's protocol over HTTP, in this process or in one of its own.

Alone it talks at a fixed rate: `python -m benchmarks.model_server PORT TOKENS_PER_SECOND TOKENS`.
"""

import asyncio
import json
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import uvicorn

from benchmarks.product import free_port

Script = Callable[[dict[str, Any]], Iterator[tuple[float, str]]]
"""What to say to a request: pieces, each with the seconds to wait before it."""
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
# About what people read and models write; the first fact comes after a while.
WORDS = (
    "You can send it back and we look at it with you, as the source says [1]. Please bring what you have with you and "
    "tell us what you would like, then we can see together what is best for you [1]. "
)


class ScriptedModel:
    """The ASGI application: answers each chat completion as the script says, streamed or whole."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.requests = 0

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Take one request."""
        if scope["type"] != "http":
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        request = json.loads(body or b"{}")
        self.requests += 1
        streamed = bool(request.get("stream"))
        kind = b"text/event-stream" if streamed else b"application/json"
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind)]})
        if streamed:
            await self._stream(request, send)
        else:
            await send({"type": "http.response.body", "body": whole("".join(s for _, s in self.script(request)))})

    async def _stream(self, request: dict[str, Any], send: Send) -> None:
        due = time.monotonic()
        for pause_s, piece in self.script(request):
            due += pause_s
            await asyncio.sleep(max(due - time.monotonic(), 0))
            await send({"type": "http.response.body", "body": event(piece), "more_body": True})
        await send({"type": "http.response.body", "body": event("", "stop") + b"data: [DONE]\n\n"})


def event(content: str, finish_reason: str | None = None) -> bytes:
    """Return one chunk of a streamed answer."""
    choice = {"index": 0, "delta": {"content": content}, "finish_reason": finish_reason}
    data = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "m", "choices": [choice]}
    return f"data: {json.dumps(data)}\n\n".encode()


def whole(content: str) -> bytes:
    """Return an answer in one piece."""
    choice = {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": "stop"}
    return json.dumps(
        {"id": "c", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice]}
    ).encode()


def steady(tokens_per_s: float, tokens: int) -> Script:
    """Say so many words at an even rate, each as its own token, the first without delay."""
    words = (WORDS * (tokens // len(WORDS.split()) + 1)).split()[:tokens]

    def script(_: dict[str, Any]) -> Iterator[tuple[float, str]]:
        for place, word in enumerate(words):
            yield (1 / tokens_per_s if place else 0.0), f"{word} "

    return script


@contextmanager
def serving(script: Script) -> Iterator[str]:
    """Serve in a thread of this process for the block; yields the value for OPENAI_BASE_URL."""
    port = free_port()
    server = uvicorn.Server(_config(script, port))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.should_exit = True
        thread.join(10)


def _config(script: Script, port: int) -> uvicorn.Config:
    return uvicorn.Config(
        ScriptedModel(script), host="127.0.0.1", port=port, log_level="warning", lifespan="off", access_log=False
    )


if __name__ == "__main__":
    uvicorn.Server(_config(steady(float(sys.argv[2]), int(sys.argv[3])), int(sys.argv[1]))).run()
