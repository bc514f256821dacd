"""Vectors of texts: read from SQL where they are known, embedded and kept where they are not."""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
from django.db import connection
from django.utils import timezone

from knowledge.embedding import Embedder, Matrix
from knowledge.models import Entry, Vector
from knowledge.passages import passages, vector_digest, vectors_digest

READ_BATCH = 500


def vectors_for(embedder: Embedder, texts: Sequence[str]) -> Matrix:
    """Return unit vectors, one row per text in order; embeds each unknown text once and stores its vector."""
    digests = [vector_digest(embedder.name, text) for text in texts]
    known = stored_vectors(digests)
    missing = {d: text for d, text in zip(digests, texts, strict=True) if d not in known}
    if missing:
        made = dict(zip(missing, embedder.embed(list(missing.values())), strict=True))
        _store(embedder.name, {digest: vector.astype("<f4").tobytes() for digest, vector in made.items()})
        known |= made
    return np.stack([known[digest] for digest in digests])


def stored_vectors(digests: Sequence[str]) -> dict[str, Matrix]:
    """Return the vectors that SQL has, by digest."""
    return {digest: np.frombuffer(data, "<f4") for digest, data in _read(digests).items()}


def stored_together(model: str, contents: Sequence[str]) -> dict[str, Matrix]:
    """Return the vectors of all passages of entries, one row per slot, by content hash; without unknown ones."""
    digests = {vectors_digest(model, content): content for content in contents}
    return {digests[digest]: _apart(data) for digest, data in _read(list(digests)).items()}


def store_together(model: str, entries: Sequence[tuple[str, Matrix]]) -> None:
    """Keep the vectors of all passages of entries, given by content hash, in one row each; safe to run twice."""
    _store(model, {vectors_digest(model, content): _together(rows) for content, rows in entries})


def _together(rows: Matrix) -> bytes:
    """The dimension, then the rows: half the room, and precise to a thousandth of a cosine."""
    dimension = int(rows.shape[1])
    return dimension.to_bytes(4, "little") + rows.astype("<f2").tobytes()


def _apart(data: bytes) -> Matrix:
    numbers = np.frombuffer(data, "<f2", offset=4)
    return numbers.reshape(-1, int.from_bytes(data[:4], "little")).astype(np.float32)


def _read(digests: Sequence[str]) -> dict[str, bytes]:
    """What SQL has under these digests. In plain SQL: a question reads some thirty, and waits for the ORM otherwise."""
    found: dict[str, bytes] = {}
    for start in range(0, len(digests), READ_BATCH):
        some = list(dict.fromkeys(digests[start : start + READ_BATCH]))
        holes = ", ".join(["%s"] * len(some))
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT digest, data FROM knowledge_vector WHERE digest IN ({holes})", some)  # noqa: S608
            found.update((digest, bytes(data)) for digest, data in cursor.fetchall())
    return found


def _store(model: str, made: dict[str, bytes]) -> None:
    now = timezone.now()
    rows = [Vector(digest=digest, model=model, data=data, created_at=now) for digest, data in made.items()]
    Vector.objects.bulk_create(rows, ignore_conflicts=True, batch_size=READ_BATCH)


def forget_vectors(model: str) -> None:
    """Delete all vectors that a model made: another one answers under its name."""
    Vector.objects.filter(model=model).delete()


def forget_unused_vectors(*, older_than: timedelta = timedelta(days=1)) -> int:
    """Delete vectors that no published entry's text has and that are older than `older_than`; returns how many.

    Younger ones stay: an entry that is edited back and forth, or published again, costs nothing.
    """
    models = set(Vector.objects.values_list("model", flat=True).distinct())
    published = Entry.objects.filter(status=Entry.Status.PUBLISHED).prefetch_related("phrasings")
    used: set[str] = set()
    for entry in published.iterator(chunk_size=READ_BATCH):
        texts = passages(entry.question, entry.answer, [p.text for p in entry.phrasings.all()])
        used.update(vector_digest(model, text) for model in models for text in texts)
        used.update(vectors_digest(model, entry.content_hash) for model in models)
    old = Vector.objects.filter(created_at__lt=timezone.now() - older_than).values_list("pk", flat=True)
    unused = [digest for digest in old if digest not in used]
    for start in range(0, len(unused), READ_BATCH):
        Vector.objects.filter(pk__in=unused[start : start + READ_BATCH]).delete()
    return len(unused)
