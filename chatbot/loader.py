"""The loader that websites include: `static/candor/widget.js` without its comments, and with its few words.

A room of its own because it is made once in a process and handed out by a view: it has one address for ever, which the
hashed names of static files would not give it.
"""

import gzip
import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import rjsmin
from django.conf import settings
from django.contrib.staticfiles import finders
from django.utils import translation
from django.utils.translation import gettext

SOURCE = "candor/widget.js"
_PLACE_OF_WORDS = '"WORDS"'


@dataclass(frozen=True)
class Loader:
    """A script as it is sent: plain and zipped; `version` changes with it."""

    source: bytes
    zipped: bytes
    version: str


@lru_cache(maxsize=1)
def loader() -> Loader:
    """Return the script, made at the first call."""
    path = finders.find(SOURCE)
    if not path:
        raise FileNotFoundError(f"The static file {SOURCE} is not part of this installation.")
    text = Path(str(path)).read_text(encoding="utf-8")
    words = json.dumps(_words(), ensure_ascii=False, separators=(",", ":"))
    source = str(rjsmin.jsmin(text)).replace(_PLACE_OF_WORDS, words).encode()
    return Loader(source, gzip.compress(source, 9, mtime=0), hashlib.sha256(source).hexdigest()[:16])


def _words() -> dict[str, list[str]]:
    """What the launcher says in each language: to open, to close, and where there can be no panel."""
    words = {}
    for code, _ in settings.LANGUAGES:
        with translation.override(code):
            words[code] = [gettext("Open the chat"), gettext("Close the chat"), gettext("Open the chat in a new tab")]
    return words
