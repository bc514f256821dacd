"""Recording versions: each carries the phrasings the entry had then, so that it can be read and restored whole."""

from collections.abc import Sequence

from django.contrib.auth.models import AbstractBaseUser

from knowledge.models import Entry


def record_versions(
    entries: Sequence[Entry],
    phrasings: Sequence[Sequence[str]],
    *,
    is_new: bool,
    author: AbstractBaseUser | None,
    reason: str,
) -> None:
    """Write one history row per entry; `phrasings` in the order of `entries`. Inside the caller's transaction."""
    rows = Entry.history.bulk_history_create(
        entries, update=not is_new, default_user=author, default_change_reason=reason
    )
    for row, texts in zip(rows, phrasings, strict=True):
        row.phrasings = list(texts)
    Entry.history.bulk_update([row for row in rows if row.phrasings], ["phrasings"])
