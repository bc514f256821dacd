"""Text as a reader sees it: without what is invisible, decorates or hides, so that facts are compared, not spellings.

`1**0**0`, `1&#48;0`, `１００` and `1\\u200b00` all show a reader 100.
"""

import html
import re
import unicodedata

# Marks of Markdown that stand inside words without being seen; a backslash takes the meaning from the next character.
_MARKS = re.compile(r"[*`~\\]|(?<![A-Za-z0-9])_+|_+(?![A-Za-z0-9])")
# Letters of other alphabets that look like Latin ones: inside a Latin word they are meant to be read as such.
_LOOKALIKES = str.maketrans(
    "АВЕЅІЈКМНОРСТХУаеорсхуіјѕԁһΑΒΕΖΗΙΚΜΝΟΡΤΥΧοѵ", "ABESIJKMHOPCTXYaeopcxyijsdhABEZHIKMNOPTYXov"
)
_FRACTION = re.compile(r"(\d)([\u00bc-\u00be\u2150-\u215e])")
_AT = re.compile(r"\s?[(\[{]\s?at\s?[)\]}]\s?", re.IGNORECASE)
_LATIN = re.compile("[A-Za-z]")
_OTHER = re.compile("[\u0370-\u03ff\u0400-\u052f]")
_PLAIN = str.maketrans("−‐‑‒–—―⁄’ʼ‘", "-------/'''")


def fold(text: str) -> str:
    """Return what is seen of a piece of Markdown, in NFKC, with ASCII digits, hyphens and apostrophes."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", _FRACTION.sub(r"\1 \2", text))
    if "at" in text.casefold():
        text = _AT.sub("@", text)
    if "&" in text:
        text = html.unescape(text)
    if text.isascii() and not _MARKS.search(text) and text.isprintable():
        return text
    text = "".join(map(_seen, unicodedata.normalize("NFKC", text))).translate(_PLAIN)
    text = _MARKS.sub("", text)
    if _OTHER.search(text) and _LATIN.search(text):
        text = " ".join(_same_alphabet(word) for word in text.split(" "))
    return text


def _seen(character: str) -> str:
    """The digit for a digit of any script, a space for any white space, nothing for what has no width."""
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.digit(character))
    if character.isspace():
        return "\n" if character == "\n" else " "
    return "" if category in {"Cf", "Cc", "Cs", "Co", "Cn", "Me"} else character


def _same_alphabet(word: str) -> str:
    return word.translate(_LOOKALIKES) if _LATIN.search(word) else word
