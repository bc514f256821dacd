"""The vectors of whole entries, from SQL, kept in memory for those that are asked about most."""

import threading
import uuid
from collections import OrderedDict
from collections.abc import Collection, Sequence

import numpy as np

from knowledge.embedding import Matrix
from knowledge.models import Entry
from knowledge.passages import passages, vector_digest
from knowledge.vectors import stored_together, stored_vectors

Version = tuple[uuid.UUID, str]
"""An entry and its content hash: other words have another key, so nothing kept here is ever old."""

# Of 384 numbers each: 60 MB.
KEPT_VECTORS = 40_000
_kept: "OrderedDict[tuple[str, *Version], Matrix]" = OrderedDict()
_size = 0
_lock = threading.Lock()


def entry_vectors(
    model: str, versions: Collection[Version], dimension: int | None = None, *, generation: str = ""
) -> dict[Version, Matrix]:
    """Return the vectors of entries in these versions, one row per slot, as precise as float16 is.

    Those not embedded yet are missing, and those of another dimension where one is given. What is kept in memory is
    kept for a `generation` of the index: a model that changed under its name is in another.
    """
    kept_for = f"{model}\x00{generation}"
    with _lock:
        found = {version: rows for version in versions if (rows := _kept.get((kept_for, *version))) is not None}
        # A model that changed under its name: its vectors were made anew, and these are of the old one.
        found = {version: rows for version, rows in found.items() if dimension in (None, rows.shape[1])}
        for version in found:
            _kept.move_to_end((kept_for, *version))
    missing = [version for version in versions if version not in found]
    if missing:
        loaded = _load(model, missing)
        _keep(kept_for, loaded)
        found |= loaded
    return {version: rows for version, rows in found.items() if dimension in (None, rows.shape[1])}


def forget() -> None:
    """Drop what is kept in memory (tests, benchmarks)."""
    global _size
    with _lock:
        _kept.clear()
        _size = 0


def _load(model: str, versions: Sequence[Version]) -> dict[Version, Matrix]:
    together = stored_together(model, [content for _, content in versions])
    found = {version: together[version[1]] for version in versions if version[1] in together}
    return found | _made_up(model, [version for version in versions if version not in found])


def _made_up(model: str, versions: Sequence[Version]) -> dict[Version, Matrix]:
    """Put together, vector by vector, what the indexer has not stored in one row: edits while the store is away."""
    if not versions:
        return {}
    wanted = dict(versions)
    digests: dict[Version, list[str]] = {}
    rows = Entry.objects.filter(pk__in=wanted).only("question", "answer", "content_hash").prefetch_related("phrasings")
    for entry in rows:
        if wanted[entry.pk] == entry.content_hash:
            texts = passages(entry.question, entry.answer, [p.text for p in entry.phrasings.all()])
            digests[entry.pk, entry.content_hash] = [vector_digest(model, text) for text in texts]
    known = stored_vectors([digest for of_entry in digests.values() for digest in of_entry])
    return {
        version: np.stack([known[digest] for digest in of_entry]).astype(np.float16).astype(np.float32)
        for version, of_entry in digests.items()
        if all(digest in known for digest in of_entry) and len({known[digest].shape for digest in of_entry}) == 1
    }


def _keep(model: str, loaded: dict[Version, Matrix]) -> None:
    global _size
    with _lock:
        for version, matrix in loaded.items():
            _size += len(matrix) - len(_kept.pop((model, *version), ()))
            _kept[model, *version] = matrix
        while _size > KEPT_VECTORS:
            _, oldest = _kept.popitem(last=False)
            _size -= len(oldest)
