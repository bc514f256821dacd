"""How fast the desk is: its pages at 10, 1,000 and 10,000 conversations beside an empty one, and an edit's preview.

python -m benchmarks.desk [--conversations 10,1000,10000] [--looks 40]
"""

import random
import time
import uuid
from datetime import timedelta

from benchmarks.sandbox import installation  # isort: skip  (it sets the environment and starts Django)

import numpy as np
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import path, reverse
from django.utils import timezone

from benchmarks.reporting import Figure, options, say, show
from chatbot.models import Assistant, Citation, Conversation, Message
from config.urls import urlpatterns as pages
from knowledge import exact, indexing, rehearsal
from knowledge.embedding import get_embedder
from knowledge.models import Entry, KnowledgeBase
from knowledge.rehearsal import Edit
from knowledge.services import save_entry
from knowledge.vector_store import get_writing_store
from review import collecting, impact
from review.models import AskedQuestion, CollectorMark, ReviewItem

ENTRIES, PREVIEWS = 500, 5
TOPICS = ("refund", "delivery", "helmet", "saddle", "brake", "voucher", "hire", "repair", "insurance", "battery")
WORDS = ("blue", "small", "late", "broken", "new", "cheap", "heavy", "red", "spare", "old", "wet", "fast", "lost")


def empty(request: HttpRequest) -> HttpResponse:
    """A page with nothing on it, for somebody who is signed in."""
    return HttpResponse(f"<!doctype html><title>{request.user}</title>")


urlpatterns = [path("empty/", empty), *pages]


def main() -> int:
    """Fill, look, print; returns the exit code: 1 where a target was missed."""
    parser = options(__doc__ or "")
    parser.add_argument("--conversations", default="10,1000,10000")
    parser.add_argument("--looks", type=int, default=40)
    chosen = parser.parse_args()
    figures: list[Figure] = []
    own = override_settings(ROOT_URLCONF="benchmarks.desk", ALLOWED_HOSTS=["*"], SECURE_SSL_REDIRECT=False)
    with installation(), own:
        call_command("collectstatic", verbosity=0, interactive=False)
        base = fill_base()
        assistant = Assistant.objects.create(name="Ada")
        assistant.knowledge_bases.add(base)
        client = Client()
        client.force_login(User.objects.create_superuser("boss"))
        there = 0
        for number in map(int, chosen.conversations.split(",")):
            began = time.perf_counter()
            converse(assistant, base, number - there)
            there = number
            say(f"{number:,} conversations are there after {time.perf_counter() - began:.0f} s.")
            figures += page_figures(client, chosen.looks, number)
        figures += preview_figures(base)
    return show(figures, as_json=chosen.json)


def fill_base() -> KnowledgeBase:
    """Entries with phrasings, indexed."""
    dice = random.Random(1)
    base = KnowledgeBase.objects.create(name="Shop", slug="shop")
    for n in range(ENTRIES):
        topic, words = dice.choice(TOPICS), dice.sample(WORDS, 3)
        entry = Entry(
            knowledge_base=base,
            question=f"What about a {words[0]} {topic} of kind {n}?",
            answer=f"A {words[0]} {topic} of kind {n} takes {n} days and costs {n + 5} pounds. It is {words[1]}.",
            status=Entry.Status.PUBLISHED,
        )
        save_entry(entry, phrasings=[f"{words[2]} {topic} {n}", f"how long for {topic} {n}", f"price of {topic} {n}"])
    indexing.drain(get_writing_store(), get_embedder())
    return base


def converse(assistant: Assistant, base: KnowledgeBase, number: int) -> None:
    """Conversations of two turns, some of them bad, taken in by the collector itself."""
    dice, now = random.Random(number), timezone.now()
    entries = list(base.entries.all())
    for start in range(0, number, 1_000):
        some = min(1_000, number - start)
        talks = [Conversation(assistant=assistant, visitor_id=uuid.uuid4()) for _ in range(some)]
        Conversation.objects.bulk_create(talks)
        turns, citations = [], []
        for talk in talks:
            for turn in range(2):
                entry, bad = dice.choice(entries), dice.random() < 0.15
                at = now - timedelta(minutes=dice.randrange(40_000))
                asked = f"{dice.choice(WORDS)} {dice.choice(TOPICS)} {dice.randrange(400)}"
                turns.append(Message(conversation=talk, position=2 * turn + 1, role="user", text=asked))
                reply = Message(
                    conversation=talk,
                    position=2 * turn + 2,
                    role="assistant",
                    status="declined" if bad else "answered",
                    outcome="decline" if bad else "quote",
                    text="I do not know." if bad else entry.answer,
                    feedback=dice.choice((-1, 0, 0, 0, 1)),
                    confidence=0.05 if bad else 0.9,
                    finished_at=at,
                    trace={"decision": "quote", "milliseconds": {"total": 12.0}},
                )
                turns.append(reply)
                if not bad:
                    citations.append(
                        Citation(message=reply, number=1, entry=entry, entry_version=1, question=entry.question,
                                 quoted_text=entry.answer, similarity=0.9)
                    )  # fmt: skip
        Message.objects.bulk_create(turns)
        Citation.objects.bulk_create(citations)
    # The mark of the collector would pass over what is dated earlier than what it has seen.
    CollectorMark.objects.all().delete()
    while collecting.collect().more:
        pass


def page_figures(client: Client, looks: int, conversations: int) -> list[Figure]:
    """Each page's queries, and its time beside that of an empty page, in turn."""
    item = ReviewItem.objects.filter(state="open").first()
    asked = AskedQuestion.objects.select_related("reply").first()
    assert item
    assert asked
    addresses = {
        "queue": reverse("review:queue"),
        "queue, searched": reverse("review:queue") + "?q=refund",
        "queue, one reason": reverse("review:queue") + "?why=DOWN",
        "item": reverse("review:item", args=[item.pk]),
        "conversations": reverse("review:conversations"),
        "conversations, searched": reverse("review:conversations") + "?q=blue+refund",
        "conversation": reverse("review:conversation", args=[asked.reply.conversation_id]),
        "golden questions": reverse("review:golden"),
        "gaps": reverse("review:gaps"),
        "figures": reverse("review:figures"),
        "people": reverse("review:people"),
        "log": reverse("review:log"),
    }
    times: dict[str, list[float]] = {name: [] for name in ("empty", *addresses)}
    for _ in range(looks):
        for name, address in {"empty": "/empty/", **addresses}.items():
            began = time.perf_counter()
            response = client.get(address)
            times[name].append((time.perf_counter() - began) * 1000)
            assert response.status_code == 200, (name, response.status_code)
    nothing = percentile(times["empty"], 95)
    figures = [Figure(f"{conversations:,}: empty page, p95", nothing, "ms")]
    for name, address in addresses.items():
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        p95 = percentile(times[name], 95)
        figures.append(Figure(f"{conversations:,}: {name}, p95", p95, "ms"))
        figures.append(Figure(f"{conversations:,}: {name}, p95 to that of an empty page", p95 / nothing, at_most=8))
        figures.append(Figure(f"{conversations:,}: {name}", len(queries), "queries"))
    return figures


def preview_figures(base: KnowledgeBase) -> list[Figure]:
    """What trying out an edit takes, the first time in a process and then."""
    entry = base.entries.order_by("pk").first()
    assert entry
    figures = []
    for number in range(PREVIEWS):
        entry.answer = f"Now it is otherwise, for the {number}. time."
        edit = Edit(entry.pk, entry, ("quite another wording",))
        # So that its words are embedded.
        rehearsal.Rehearsal([base.pk], [edit])
        if number == 0:
            for module in (rehearsal, exact, impact):
                module.forget()
        began = time.perf_counter()
        found = impact.impact_of([edit], [base.pk])
        took = time.perf_counter() - began
        when = "the first time in a process (as its form opens)" if number == 0 else "then"
        name = f"an edit tried out on {base.entries.count()} entries and {found.golden + found.real} questions, {when}"
        figures.append(Figure(name, took, "s", at_most=1 if number else None))
    return figures


def percentile(values: list[float], share: int) -> float:
    """The value below which so many percent are."""
    return float(np.percentile(values, share))


if __name__ == "__main__":
    raise SystemExit(main())
