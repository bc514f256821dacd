"""Words of a text, in any script, in the form in which they are compared. Linear on any input.

A word is a run of letters and digits. Codes are kept whole and in parts ("E-4041": e4041, e, 4041), so that E-4041,
E4041 and "e 4041" agree; so are words with a hyphen or an apostrophe. Scripts that put no spaces between words, or
glue particles to them, become pairs of characters.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

WORD_LENGTH = 64
"""Characters of a word that count; the rest of a longer one is not looked at."""

# Marks that only decorate the letter before them. Those of Indic scripts, Thai and their kind are vowels: not here.
_ACCENTS = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    "\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f"
)
# Letters and vowels of the scripts from Syriac to Myanmar, without their full stops; Khmer; kana's voicing.
_VOWELED = (
    "\u0711-\u074a\u0780-\u07b1\u0900-\u0963\u0966-\u096f\u0971-\u0df3\u0e01-\u0e3a\u0e40-\u0e4e\u0e50-\u0e59"
    "\u0e81-\u0edf\u0f18-\u0fbc\u1000-\u1049\u1050-\u109f\u1780-\u17d3\u17dd-\u17e9\u3099\u309a"
)
_LETTER = rf"[^\W_{_ACCENTS}]|[{_ACCENTS}{_VOWELED}]"
_UNSPACED = (
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ece\u0edc-\u0edf\u1000-\u103f\u1050-\u109f\u1780-\u17d3\u3005-\u3007\u3041-\u3096"
    "\u3099\u309a\u309d-\u30fa\u30fc-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff"
)
_CHAIN = re.compile(rf"(?:{_LETTER})+(?:[-‐‑._/,:'’ʼ+#&@](?:{_LETTER})+)*")
# A point between digits belongs to the number.
_LINK = re.compile(r"[-‐‑_/:'’ʼ+#&@]|[.,](?!\d)|(?<!\d)[.,]")
_JOINED_ALWAYS = frozenset("-‐‑'’ʼ")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+")
_KIND = re.compile(rf"(?P<pairs>[{_UNSPACED}]+)|(?P<digits>\d+(?:\.\d+)*)|(?P<letters>[^\d{_UNSPACED}]+)")
_DECORATION = re.compile(f"[{_ACCENTS}]+")
# Invisible inside words: soft hyphen, joiners, direction marks, the Arabic stretcher; and halves of characters.
_INVISIBLE = re.compile("[\u00ad\u0640\u200c-\u200f\u202a-\u202e\u2060-\u2064\ufeff\ud800-\udfff]+")
# CPython sorts a run of marks in quadratic time.
_MARK_RUN = re.compile(r"([^\w\s\x00-\u02ff]{30})[^\w\s\x00-\u02ff]+")
_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "ς": "σ"})
_LONGEST_CHAIN = 4


class Word(NamedTuple):
    """A word as it was typed, and its casefolded form with accents, from which stems are made."""

    typed: str
    form: str


def words(text: str) -> Iterator[Word]:
    """Yield the words of `text` in order, repeated as often as they stand there."""
    if not text.isascii():
        text = _MARK_RUN.sub(r"\1", _INVISIBLE.sub("", text))
        text = unicodedata.normalize("NFKC", text)
    for chain in _CHAIN.finditer(text):
        yield from _of_chain(chain[0])


@lru_cache(50_000)
def fold(form: str) -> str:
    """The form in which words are compared: without accents and without what only decorates letters."""
    if form.isascii():
        return form[:WORD_LENGTH]
    bare = _DECORATION.sub("", unicodedata.normalize("NFKD", form[:WORD_LENGTH]))
    return unicodedata.normalize("NFKC", bare).translate(_PLAIN)[:WORD_LENGTH]


def _of_chain(chain: str) -> Iterator[Word]:
    """Words of runs that hyphens, points and the like hold together."""
    if _NUMBER.fullmatch(chain):
        yield _word(chain, _number(chain))
        return
    links, runs = _LINK.findall(chain), _LINK.split(chain.replace(",", "."))
    if not links:
        yield from _of_run(chain.replace(",", "."))
        return
    apostrophe = not _JOINED_ALWAYS.isdisjoint(links) and "-" not in links
    if len(runs) <= _LONGEST_CHAIN and (_JOINED_ALWAYS.issuperset(links) or _has_digit(chain)):
        yield _word(chain, "".join(runs))
    for run in runs:
        # What an apostrophe cuts off (don't, l'adresse) is no word of its own.
        if not (apostrophe and len(run) < 2):
            yield from _of_run(run)


def _of_run(run: str) -> Iterator[Word]:
    """Words of a run of letters and digits: whole, and where kinds meet also in parts."""
    parts = list(_KIND.finditer(run))
    if len(parts) > 1 and not any(part["pairs"] for part in parts) and len(parts) <= _LONGEST_CHAIN:
        yield _word(run, run)
    for part in parts:
        if part["pairs"]:
            yield from _pairs(part[0])
        else:
            yield _word(part[0], part[0])


def _pairs(run: str) -> Iterator[Word]:
    if len(run) == 1:
        yield Word(run, run)
    for start in range(len(run) - 1):
        yield Word(run[start : start + 2], run[start : start + 2])


def _number(text: str) -> str:
    return text.replace(",", "" if _THOUSANDS.fullmatch(text) else ".")


def _word(typed: str, form: str) -> Word:
    return Word(typed[:WORD_LENGTH], form[:WORD_LENGTH].casefold())


def _has_digit(text: str) -> bool:
    return any(map(str.isdigit, text))
