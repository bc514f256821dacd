"""Which sentences of a source an answer rests on, marked in the source's HTML. Pure functions.

A room of its own because it reads HTML that was rendered and sanitised before, and changes nothing but this.
"""

import re
from html import escape
from html.parser import HTMLParser

from django.utils.safestring import SafeString

# Of a sentence's words, as many have to be in the answer.
SHARE = 0.6
FEWEST_WORDS = 3
_BLOCKS = {"p", "li", "td", "th", "h3", "h4", "h5", "h6", "blockquote", "ul", "ol", "table", "tr", "pre", "div"}
_SENTENCE = re.compile(r"[^.!?。！？]+(?:[.!?。！？]+(?=\s|$)|[.!?。！？])?\s*")
_WORD = re.compile(r"\w+")


def mark_passages(html: SafeString, answer: str) -> SafeString:
    """Wrap in `<mark>` the sentences of a source whose words are mostly the answer's; returns the same HTML else."""
    marker = _Marker({word.casefold() for word in _WORD.findall(answer)})
    marker.feed(html)
    marker.close()
    return SafeString("".join(marker.finished()))


class _Marker(HTMLParser):
    """Copies HTML of ours; the text of each block is held back until all of it is known."""

    def __init__(self, said: set[str]) -> None:
        super().__init__(convert_charrefs=True)
        self._said = said
        self._done: list[str] = []
        self._held: list[tuple[bool, str]] = []  # whether it is text, and what it is

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        """A block's tag ends the block before it; any other belongs to the sentence around it."""
        self._tag(tag, self.get_starttag_text() or "")

    def handle_endtag(self, tag: str) -> None:
        """As a tag that opens."""
        self._tag(tag, f"</{tag}>")

    def handle_data(self, data: str) -> None:
        """Hold back the words of a block."""
        self._held.append((True, data))

    def finished(self) -> list[str]:
        """Return all of it."""
        self._release()
        return self._done

    def _tag(self, tag: str, text: str) -> None:
        if tag in _BLOCKS:
            self._release()
            self._done.append(text)
        else:
            self._held.append((False, text))

    def _release(self) -> None:
        marked = self._marked("".join(piece for is_text, piece in self._held if is_text))
        at = 0
        for is_text, piece in self._held:
            self._done.append(_with_marks(piece, at, marked) if is_text else piece)
            at += len(piece) if is_text else 0
        self._held = []

    def _marked(self, text: str) -> list[tuple[int, int]]:
        spans = [(m.start(), m.start() + len(m[0].rstrip())) for m in _SENTENCE.finditer(text)]
        return [span for span in spans if self._is_said(text[slice(*span)])]

    def _is_said(self, sentence: str) -> bool:
        words = {word.casefold() for word in _WORD.findall(sentence)}
        shared = len(words & self._said)
        return len(words) > 0 and shared >= min(FEWEST_WORDS, len(words)) and shared >= SHARE * len(words)


def _with_marks(piece: str, at: int, marked: list[tuple[int, int]]) -> str:
    """Return a piece of text that begins at `at`, escaped, with what of it is marked."""
    copied, last = [], 0
    for start, end in marked:
        begin, stop = max(start - at, last), min(end - at, len(piece))
        if begin < stop:
            copied += [escape(piece[last:begin]), f"<mark>{escape(piece[begin:stop])}</mark>"]
            last = stop
    return "".join([*copied, escape(piece[last:])])
