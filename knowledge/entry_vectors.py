"""The vectors of whole entries, from SQL, kept in memory for those that are asked about most."""

import threading
import uuid
from collections import OrderedDict
from collections.abc import Collection

import numpy as np

from knowledge.embedding import Matrix
from knowledge.models import Entry
from knowledge.passages import passages, vector_digest
from knowledge.vectors import stored_vectors

Version = tuple[uuid.UUID, str]
"""An entry and its content hash: other words have another key, so nothing kept here is ever old."""

# Of 384 numbers each: 60 MB.
KEPT_VECTORS = 40_000
_kept: "OrderedDict[tuple[str, *Version], Matrix]" = OrderedDict()
_size = 0
_lock = threading.Lock()


def entry_vectors(model: str, versions: Collection[Version]) -> dict[Version, Matrix]:
    """Return the vectors of entries in these versions, one row per slot; those not embedded yet are missing."""
    with _lock:
        found = {version: _kept[model, *version] for version in versions if (model, *version) in _kept}
        for version in found:
            _kept.move_to_end((model, *version))
    missing = [version for version in versions if version not in found]
    if missing:
        loaded = _load(model, missing)
        _keep(model, loaded)
        found |= loaded
    return found


def forget() -> None:
    """Drop what is kept in memory (tests, benchmarks)."""
    global _size
    with _lock:
        _kept.clear()
        _size = 0


def _load(model: str, versions: Collection[Version]) -> dict[Version, Matrix]:
    wanted = dict(versions)
    digests: dict[Version, list[str]] = {}
    rows = Entry.objects.filter(pk__in=wanted).only("question", "answer", "content_hash").prefetch_related("phrasings")
    for entry in rows:
        if wanted[entry.pk] == entry.content_hash:
            texts = passages(entry.question, entry.answer, [p.text for p in entry.phrasings.all()])
            digests[entry.pk, entry.content_hash] = [vector_digest(model, text) for text in texts]
    known = stored_vectors([digest for of_entry in digests.values() for digest in of_entry])
    return {
        version: np.stack([known[digest] for digest in of_entry])
        for version, of_entry in digests.items()
        if all(digest in known for digest in of_entry) and len({known[digest].shape for digest in of_entry}) == 1
    }


def _keep(model: str, loaded: dict[Version, Matrix]) -> None:
    global _size
    with _lock:
        for version, matrix in loaded.items():
            key = (model, *version)
            if key not in _kept:
                _kept[key] = matrix
                _size += len(matrix)
        while _size > KEPT_VECTORS:
            _, oldest = _kept.popitem(last=False)
            _size -= len(oldest)
