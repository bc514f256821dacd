"""Knowledge bases to measure on: 503 real entries where they are at hand, the demo's otherwise, and generated ones."""

import uuid
from pathlib import Path

import numpy as np

import knowledge
from benchmarks.product import ROOT
from benchmarks.reporting import say
from knowledge.importing import read_rows
from knowledge.models import Entry, KnowledgeBase, Phrasing, Vector
from knowledge.passages import content_hash, passages, vector_digest
from knowledge.services import import_rows

REAL = ROOT.parent / "shared" / "benchmarks" / "zaragoza_faq" / "faqs.jsonl"
DEMO = Path(knowledge.__path__[0], "demo", "faqs.jsonl")
DIMENSION = 384
CLUSTERS = 200
MOST_PHRASINGS = 2
CHUNK = 1_000


def real_base() -> KnowledgeBase:
    """Import the real entries, published and not yet indexed."""
    file = REAL if REAL.exists() else DEMO
    if file is DEMO:
        say(f"There is no {REAL}: measuring on the demo's entries instead.")
    base = KnowledgeBase.objects.create(name="Real", slug="real")
    data = file.read_bytes()
    report = import_rows(base, read_rows(data, name=file.name, max_bytes=len(data)).rows)
    say(f"{report.created} entries of {file.name} imported")
    return base


def generated_base(name: str, size: int, *, status: Entry.Status) -> KnowledgeBase:
    """Store `size` entries with 0 to 2 phrasings each, neither embedded nor indexed."""
    base = KnowledgeBase.objects.create(name=name, slug=uuid.uuid4().hex)
    for start in range(0, size, CHUNK):
        entries, phrasings = [], []
        for number in range(start, min(start + CHUNK, size)):
            texts = [f"What about thing {number}, way {way}?" for way in range(number % (MOST_PHRASINGS + 1))]
            entry = Entry(
                knowledge_base=base,
                question=f"What is thing {number}?",
                answer=f"Thing {number} is in drawer {number % 97} of room {number % 31}.",
                status=status,
                version=1,
            )
            if status == Entry.Status.PUBLISHED:
                entry.content_hash = content_hash(entry.question, entry.answer, texts)
            entries.append(entry)
            phrasings += [Phrasing(entry=entry, text=text, position=i) for i, text in enumerate(texts)]
        Entry.objects.bulk_create(entries)
        Phrasing.objects.bulk_create(phrasings)
    return base


def passages_of(base: KnowledgeBase) -> list[list[str]]:
    """Return the texts to embed of each entry of a base."""
    entries = base.entries.order_by("pk").prefetch_related("phrasings")
    return [passages(e.question, e.answer, [p.text for p in e.phrasings.all()]) for e in entries]


def store_vectors(base: KnowledgeBase, model: str) -> int:
    """Make up a unit vector for each passage of a base, near its entry's, near its cluster's; returns how many.

    Clustered, because the cost and the recall of an index over random vectors say nothing of one over texts.
    """
    random = np.random.default_rng(7)
    centres = _units(random.standard_normal((CLUSTERS, DIMENSION)))
    rows = []
    for number, texts in enumerate(passages_of(base)):
        entry = _units(centres[number % CLUSTERS] + 0.6 * _units(random.standard_normal(DIMENSION)))
        vectors = _units(entry + 0.3 * _units(random.standard_normal((len(texts), DIMENSION))))
        for text, vector in zip(texts, vectors, strict=True):
            data = vector.astype("<f4").tobytes()
            rows.append(Vector(digest=vector_digest(model, text), model=model, data=data))
    Vector.objects.bulk_create(rows, batch_size=CHUNK)
    return len(rows)


def _units(vectors: np.ndarray) -> np.ndarray:
    lengths: np.ndarray = np.linalg.norm(vectors, axis=-1, keepdims=True)
    units: np.ndarray = vectors / lengths
    return units
