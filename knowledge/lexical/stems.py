"""Stems: what the forms of one word share, by language. A language without a stemmer keeps its words as they are."""

import threading
from functools import lru_cache

import snowballstemmer  # type: ignore[import-untyped]

from knowledge.lexical.words import fold

_ALGORITHMS = {
    "ar": "arabic",
    "ca": "catalan",
    "cs": "czech",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "et": "estonian",
    "eu": "basque",
    "fi": "finnish",
    "fr": "french",
    "ga": "irish",
    "hi": "hindi",
    "hu": "hungarian",
    "hy": "armenian",
    "id": "indonesian",
    "it": "italian",
    "lt": "lithuanian",
    "nb": "norwegian",
    "ne": "nepali",
    "nl": "dutch",
    "nn": "norwegian",
    "no": "norwegian",
    "pl": "polish",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sr": "serbian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
}
# A stemmer keeps the word it works on in itself, so threads cannot share one.
_local = threading.local()


def primary(language: str) -> str:
    """A language code without its region: "pt" of "pt-BR"."""
    return language.replace("_", "-").split("-")[0].casefold()


@lru_cache(100_000)
def forms(word: str, language: str) -> tuple[str, ...]:
    """The forms under which a casefolded word of a language ("en", "pt-br") is kept: folded, then its stem if another.

    Stems are made before accents go, for stemmers know their language's letters.
    """
    folded = fold(word)
    algorithm = _ALGORITHMS.get(primary(language))
    if algorithm is None or not word.isalpha():
        return (folded,)
    stem = fold(_stem(word, algorithm))
    return (folded,) if stem in {folded, ""} else (folded, stem)


def _stem(word: str, algorithm: str) -> str:
    stemmers: dict[str, snowballstemmer.stemmer] = _local.__dict__.setdefault("stemmers", {})
    if algorithm not in stemmers:
        stemmers[algorithm] = snowballstemmer.stemmer(algorithm)
    return str(stemmers[algorithm].stemWord(word))
