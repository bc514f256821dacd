"""What any text of an entry must be: printable, Unicode NFC, trimmed, with plain line ends, within its limit.

A room of its own because forms, files and questions share these rules, which must stay linear on hostile input.
"""

import re
import unicodedata
import uuid

from django.utils.text import slugify

LIMITS = {
    "reference": 100,
    "question": 500,
    "answer": 16_000,
    "phrasings": 500,
    "category": 100,
    "language": 10,
    "status": 50,
    "valid_from": 50,
    "valid_until": 50,
}
"""Characters after normalisation. Longer texts are errors: nothing is ever cut in silence."""

# What Markdown is rendered from ends at 16 KB, for safety's sake; a little is left for a sentence before an answer.
MOST_BYTES = 16_000
SLUG_LENGTH = 60

# What ends a sentence, or a part of one, in the scripts of the world.
_ENDS = " \t\n.?!,;:…。．？！，、；：｡؟،؛۔।॥።"
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_MARK_RUN = re.compile(r"[^\w\s\x00-\u02ff]{31,}")


class TextError(ValueError):
    """A text cannot be taken; the message completes a sentence that begins with the text's name."""


def clean(text: str, limit: int) -> str:
    """The text as it is stored; raises TextError for what cannot be, rather than repairing it."""
    text = unify_newlines(text)
    _refuse_unprintable(text)
    # Composing shrinks no text to less than a quarter, and sorting marks is not worth doing for a refusal.
    if len(text) <= 4 * limit:
        text = unicodedata.normalize("NFC", text).strip()
    if len(text) > limit:
        raise TextError(f"has {len(text):,} characters; at most {limit:,} are allowed. Shorten it.")
    if (size := len(text.encode())) > MOST_BYTES:
        raise TextError(f"takes {size:,} bytes; at most {MOST_BYTES:,} can be shown. Shorten it.")
    return text


def unify_newlines(text: str) -> str:
    """Windows and old Macintosh line ends become a plain newline."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def one_line(text: str) -> str:
    """A phrasing is a single line: line breaks inside it become spaces."""
    return " ".join(filter(None, map(str.strip, text.split("\n")))) if "\n" in text else text


def as_asked(text: str) -> str:
    """Return a wording in the form in which wordings are compared: with a question mark at its end, and no other.

    Some people end a question with a full stop and most with nothing at all, and a model hears that.
    """
    said = text.strip().rstrip(_ENDS)
    return f"{said}?" if said else text.strip()


def slug_for(question: str, entry_id: uuid.UUID) -> str:
    """Return what names an entry in an address: its words, at most 60 characters, and six digits that are its own."""
    words = slugify(question, allow_unicode=True)
    if len(words) > SLUG_LENGTH:
        words = words[: SLUG_LENGTH + 1].rpartition("-")[0] or words[:SLUG_LENGTH]
    return "-".join(filter(None, (words, entry_id.hex[-6:])))


def _refuse_unprintable(text: str) -> None:
    found = _FORBIDDEN.search(text)
    if found:
        code = f"U+{ord(found[0]):04X}"
        kind = "half a character" if found[0] >= "\ud800" else "a control character"
        raise TextError(f"has {kind} ({code}) at position {found.start() + 1}. Remove it.")
    if any(sum(map(bool, map(unicodedata.combining, run))) > 30 for run in _MARK_RUN.findall(text)):
        # Unicode's own bound (UAX 15, stream-safe text); CPython sorts longer runs in quadratic time.
        raise TextError("has more than 30 accents on one letter. Remove them.")
