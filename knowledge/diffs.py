"""Differences as HTML, for the history of an entry and the preview of an import. Pure: texts in, HTML out."""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

# A longer stretch without a change is shown by its ends only.
UNCHANGED_SHOWN = 12
# difflib takes the product of both lengths; above this a passage counts as rewritten rather than as changed.
MAX_COMPARISONS = 1_000_000

# A word with the white space after it.
_WORDS = re.compile(r"\S+\s*|\s+")


def word_diff(before: str, after: str) -> SafeString:
    """Escaped HTML with <del> and <ins> around changed words; long unchanged passages are shortened."""
    parts = list(_changes(_WORDS.findall(before), _WORDS.findall(after)))
    last = len(parts) - 1
    shown = (
        _shorten(words, is_first=place == 0, is_last=place == last) if kind == "equal" else _mark(kind, words)
        for place, (kind, words) in enumerate(parts)
    )
    return format_html_join("", "{}", ((part,) for part in shown))


def line_diff(before: Sequence[str], after: Sequence[str]) -> SafeString:
    """The same for lists of short texts: a line each, changed as a whole, all of them shown."""
    parts = _changes([f"{line}\n" for line in before], [f"{line}\n" for line in after])
    shown = ("".join(lines) if kind == "equal" else _mark(kind, lines) for kind, lines in parts)
    return format_html_join("", "{}", ((part,) for part in shown))


def _changes(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[str, Sequence[str]]]:
    """Runs of words, each "equal", "del" or "ins"; white space does not count."""
    old_keys, new_keys = [word.strip() for word in old], [word.strip() for word in new]
    start = _common(old_keys, new_keys)
    end = _common(old_keys[start:][::-1], new_keys[start:][::-1])
    old_end, new_end = len(old) - end, len(new) - end
    runs = [("equal", new[:start])]
    if (old_end - start) * (new_end - start) > MAX_COMPARISONS:
        runs += [("del", old[start:old_end]), ("ins", new[start:new_end])]
    else:
        matcher = SequenceMatcher(None, old_keys[start:old_end], new_keys[start:new_end], autojunk=False)
        for tag, a, b, c, d in matcher.get_opcodes():
            removed, added = old[start + a : start + b], new[start + c : start + d]
            runs += [("equal", added)] if tag == "equal" else [("del", removed), ("ins", added)]
    runs.append(("equal", new[new_end:]))
    return ((kind, words) for kind, words in runs if words)


def _common(old: Sequence[str], new: Sequence[str]) -> int:
    """How many words both begin with."""
    pairs = enumerate(zip(old, new, strict=False))
    return next((place for place, (one, other) in pairs if one != other), min(len(old), len(new)))


def _mark(kind: str, words: Sequence[str]) -> SafeString:
    text = "".join(words)
    marked = text.rstrip() or text
    return format_html("<{}>{}</{}>{}", kind, marked, kind, text[len(marked) :])


def _shorten(words: Sequence[str], *, is_first: bool, is_last: bool) -> str:
    if len(words) <= 3 * UNCHANGED_SHOWN or (is_first and is_last):
        return "".join(words)
    head = "" if is_first else "".join(words[:UNCHANGED_SHOWN])
    tail = "" if is_last else "".join(words[-UNCHANGED_SHOWN:])
    return f"{head}… {tail}"
