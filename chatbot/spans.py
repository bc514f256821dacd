"""An answer's trace as OpenTelemetry spans with the GenAI conventions, where an OTLP endpoint is set.

The spans are made from the stored trace when the answer is finished, with the times that it has, so that what staff
read and what a collector gets are the same, and nothing is measured twice. A thread of the SDK sends them: neither an
answer nor a visitor waits for a collector. What was said is left out unless it is asked for.
"""

import json
import os
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer, set_span_in_context

CAPTURE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
EXPORT_LIMIT_S = 3.0
_one_at_a_time = threading.Lock()
_MS = 1_000_000  # nanoseconds
Attributes = dict[str, Any]


@dataclass(frozen=True)
class Answered:
    """A finished answer; `failure` is "" where nothing went wrong, `trace` is what is stored of it."""

    reply_id: uuid.UUID
    conversation_id: uuid.UUID | None
    assistant_id: uuid.UUID | None
    question: str
    text: str
    outcome: str
    failure: str
    trace: Mapping[str, Any]


def is_on() -> bool:
    """Tell whether there is somewhere to send spans to."""
    return bool(settings.OTLP_TRACES_URL)


def record(answered: Answered) -> None:
    """Hand the answer's spans over to be sent; call it when the answer has just been finished."""
    if not is_on():
        return
    tracer = _tracer(settings.OTLP_TRACES_URL)
    laps = answered.trace.get("milliseconds", {})
    ended = time.time_ns()
    began = ended - int(laps.get("total", 0) * _MS)
    root = tracer.start_span("invoke_agent", start_time=began, attributes=_agent(answered), kind=SpanKind.INTERNAL)
    rewritten, retrieved = laps.get("rewrite", 0), laps.get("retrieve", 0)
    if call := answered.trace.get("rewriting_call"):
        _chat(tracer, root, call, began, {})
    if retrieved:
        _span(tracer, root, "retrieval", began + int(rewritten * _MS), retrieved - rewritten, _retrieval(answered))
    if call := answered.trace.get("call"):
        _chat(tracer, root, call, began + int(retrieved * _MS), _said(answered))
    _judge(root, answered.failure)
    root.end(ended)


def close() -> None:
    """Send what is waiting and let the collector go; a process that ends does so by itself."""
    if is_on():
        _provider(settings.OTLP_TRACES_URL).shutdown()
        _provider.cache_clear()


@lru_cache(maxsize=4)
def _provider(url: str) -> Any:
    # The SDK takes a third of a second to import, which only those pay who use it.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    named = Resource.create({"service.name": os.environ.get("OTEL_SERVICE_NAME") or "candor"})
    provider = TracerProvider(resource=named)
    # The SDK's own ten seconds would hold up the end of a process for as long where the collector is away.
    limit_s = None if os.environ.get("OTEL_EXPORTER_OTLP_TIMEOUT") else EXPORT_LIMIT_S
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=url, timeout=limit_s)))
    return provider


def _tracer(url: str) -> Tracer:
    with _one_at_a_time:  # answers end in several threads, and one provider is enough
        tracer: Tracer = _provider(url).get_tracer("candor")
    return tracer


def _span(
    tracer: Tracer, root: Span, name: str, began: int, took_ms: float, attributes: Attributes, failure: str = ""
) -> None:
    kind = SpanKind.CLIENT if name.startswith("chat") else SpanKind.INTERNAL
    inside = set_span_in_context(root)
    span = tracer.start_span(name, inside, start_time=began, attributes=_without_none(attributes), kind=kind)
    _judge(span, failure)
    span.end(began + int(took_ms * _MS))


def _chat(tracer: Tracer, root: Span, call: Mapping[str, Any], began: int, said: Attributes) -> None:
    asked, first = settings.CHAT_MODEL, call.get("first_token_ms")
    server = urlsplit(settings.OPENAI_BASE_URL or "https://api.openai.com/v1")
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": asked,
        "gen_ai.request.stream": True,
        "gen_ai.response.model": call.get("model") or None,
        "gen_ai.response.finish_reasons": [call["finish_reason"]] if call.get("finish_reason") else None,
        "gen_ai.response.time_to_first_chunk": None if first is None else first / 1000,
        "gen_ai.usage.input_tokens": call.get("prompt_tokens"),
        "gen_ai.usage.output_tokens": call.get("completion_tokens"),
        "candor.usage.estimated": call.get("estimated"),
        "candor.retries": call.get("retries"),
        "server.address": server.hostname,
        "server.port": server.port or (443 if server.scheme == "https" else 80),
    }
    failure = "" if call.get("finish_reason") else "The model's answer did not come to its end."
    _span(tracer, root, f"chat {asked}", began, call.get("total_ms", 0), attributes | said, failure)


def _agent(answered: Answered) -> Attributes:
    trace, guard = answered.trace, answered.trace.get("guard") or {}
    stopped = guard.get("stopped") or {}
    attributes = {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.provider.name": "candor",
        "gen_ai.agent.id": str(answered.assistant_id) if answered.assistant_id else None,
        "gen_ai.conversation.id": str(answered.conversation_id) if answered.conversation_id else None,
        "candor.reply.id": str(answered.reply_id),
        "candor.decision": trace.get("decision"),
        "candor.outcome": answered.outcome or None,
        "candor.confidence": trace.get("confidence"),
        "candor.lead": trace.get("lead"),
        "candor.rewritten_by": trace.get("rewritten_by"),
        "candor.support": guard.get("support"),
        "candor.guard.stopped_kind": stopped.get("kind"),
        "candor.guard.dropped_citations": guard.get("dropped_citations"),
        "candor.cost": trace.get("cost"),
    }
    return _without_none(attributes)


def _retrieval(answered: Answered) -> Attributes:
    trace = answered.trace
    documents = [{"id": c.get("entry"), "score": c.get("score")} for c in trace.get("candidates", [])]
    steps = {
        f"candor.retrieval.{step}_ms": ms
        for step, ms in trace.get("milliseconds", {}).items()
        if step in {"embed", "search", "words", "rank", "join"}
    }
    attributes = {
        "gen_ai.operation.name": "retrieval",
        "gen_ai.request.model": settings.EMBEDDING_MODEL,
        "gen_ai.retrieval.documents": json.dumps(documents),
        "candor.retrieval.way": trace.get("way"),
    }
    if _captures():
        attributes["gen_ai.retrieval.query.text"] = trace.get("searched") or answered.question
    return attributes | steps


def _said(answered: Answered) -> Attributes:
    """What was said, in the form of the conventions: only where it is asked for, as they demand."""
    prompt = answered.trace.get("prompt", [])
    if not _captures() or not prompt:
        return {}
    system, *messages = prompt
    asked = [{"role": m["role"], "parts": [_part(m["content"])]} for m in messages]
    said = [{"role": "assistant", "parts": [_part(answered.text)], "finish_reason": "stop"}]
    return {
        "gen_ai.system_instructions": json.dumps([_part(system["content"])], ensure_ascii=False),
        "gen_ai.input.messages": json.dumps(asked, ensure_ascii=False),
        "gen_ai.output.messages": json.dumps(said, ensure_ascii=False),
    }


def _part(text: str) -> dict[str, str]:
    return {"type": "text", "content": text}


def _captures() -> bool:
    return os.environ.get(CAPTURE, "").lower() in {"1", "true", "yes", "on"}


def _judge(span: Span, failure: str) -> None:
    if failure:
        span.set_attribute("error.type", "_OTHER")
        span.set_status(Status(StatusCode.ERROR, failure))


def _without_none(attributes: Attributes) -> Attributes:
    return {name: value for name, value in attributes.items() if value is not None}
