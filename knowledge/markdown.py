"""Markdown, as editors and language models write it, to HTML that is safe to show, whole or as it streams.

Here text that nobody checked becomes part of our pages: the parser makes no raw HTML and no images, and nh3
then keeps an explicit list of tags, attributes and link schemes, whatever the parser did. Link reference
definitions are off: so blocks stay independent (an answer can stream), and `[1]` is always a citation.
"""

import re
from collections.abc import Iterable, Mapping
from html import escape
from html.parser import HTMLParser
from typing import NamedTuple

import nh3
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Delimiter
from markdown_it.token import Token

MAX_BYTES = 16 * 1024  # of UTF-8; what follows is cut: sanitising is quadratic on nested tags

_ALLOWED_URL = re.compile(r"(?:https?://|mailto:|tel:)[^/]", re.IGNORECASE)
# An answer's headings never outrank those of the page around it.
_HEADINGS = {"h1": "h3", "h2": "h4", "h3": "h5", "h4": "h6", "h5": "h6", "h6": "h6"}
# A wide table scrolls by itself, and must then be reachable from the keyboard and have a name. A group, not a
# region: regions are landmarks, and two of the same name on one page are an accessibility error.
_TABLE_FRAME = {"class": "table-scroll", "tabindex": "0", "role": "group", "aria-label": "Table"}
_FRAME_VALUES = {name: {value} for name, value in _TABLE_FRAME.items()}
_ALIGNMENTS = {"align": {"left", "center", "right"}}
_TAGS = "p br hr strong em s ul ol li a code pre blockquote h3 h4 h5 h6 div table thead tbody tr th td"
_CLEANER = nh3.Cleaner(
    tags=set(_TAGS.split()),
    attributes={"*": set(), "a": {"href"}, "ol": {"start"}},
    tag_attribute_values={"div": _FRAME_VALUES, "th": _ALIGNMENTS, "td": _ALIGNMENTS},
    url_schemes={"http", "https", "mailto", "tel"},
    url_relative="deny",
    link_rel="noopener noreferrer nofollow ugc",
)


def render(text: str) -> SafeString:
    """Safe HTML of the first 16 KB; images become their alternative text, relative links their words."""
    return _to_html(_cap(_normalise(text)), _PARSER)


def plain_text(text: str) -> str:
    """The words without markup, one line per block or table row, of the first 16 KB; code stays."""
    lines: list[list[str]] = []
    for token in _PARSER.parse(_cap(_normalise(text))):
        if token.type in {"paragraph_open", "heading_open", "tr_open", "fence", "code_block"}:
            lines.append([])
        words = (_words(token.children) if token.children else token.content).split()
        if words:
            lines[-1].append(" ".join(words))
    return "\n".join(", ".join(line) for line in lines if line)


def excerpt(text: str, length: int = 160) -> str:
    """One line of at most `length` characters with the ellipsis; only a very long word is cut inside."""
    # A dot where a block ends without a stop, so that the next one does not run into it.
    blocks = [f"{b} ·" if b[-1].isalnum() else b for b in plain_text(text).splitlines() if b]
    line = " ".join(blocks).removesuffix(" ·")
    if len(line) <= length:
        return line
    boundary = line.rfind(" ", length // 2, length)
    return line[: boundary if boundary > 0 else length - 1].rstrip(" ,;:.·-") + "…"


def _normalise(text: str) -> str:
    """Line ends as the parser counts them; no NUL, and no half of a surrogate pair: it has no encoding."""
    return re.sub("[\0\ud800-\udfff]", "\ufffd", re.sub(r"\r\n?", "\n", text))


def _cap(text: str, room: int = MAX_BYTES) -> str:
    encoded = text.encode()
    return text if len(encoded) <= room else encoded[:room].decode(errors="ignore") + "…"


def _to_html(source: str, parser: MarkdownIt) -> SafeString:
    return SafeString(_CLEANER.clean(parser.render(source)))


def _words(tokens: Iterable[Token]) -> str:
    """What a reader sees of inline tokens: text and code, alternative texts, a space for a break."""
    return "".join(
        " " if token.type.endswith("break") else _words(token.children or ()) or token.content for token in tokens
    )


def _restrain(state: StateCore) -> None:
    """Parser rule: demoted headings, framed tables, words in place of images and denied links."""
    restrained: list[Token] = []
    for token in state.tokens:
        if token.type.startswith("heading"):
            token.tag = _HEADINGS[token.tag]
        elif token.type in {"th_open", "td_open"} and "style" in token.attrs:
            token.attrs = {"align": str(token.attrs["style"]).removeprefix("text-align:")}
        elif token.children:
            token.children = _without_images_and_denied_links(token.children)
        if token.type == "table_open":
            restrained.append(Token("frame_open", "div", 1, attrs=dict(_TABLE_FRAME), block=True))
        restrained.append(token)
        if token.type == "table_close":
            restrained.append(Token("frame_close", "div", -1, block=True))
    state.tokens = restrained


def _without_images_and_denied_links(inline: Iterable[Token]) -> list[Token]:
    kept: list[Token] = []
    denied = False  # links never nest
    for token in inline:
        if token.type == "link_open":
            denied = not _ALLOWED_URL.match(str(token.attrs["href"]))
        if token.type == "image":
            kept.append(Token("text", "", 0, content=_words(token.children or ())))
        elif not (denied and token.type in {"link_open", "link_close"}):
            kept.append(token)
    return kept


def _parser(*, half_written: bool) -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False})
    parser.enable(["table", "strikethrough"]).disable("reference")
    parser.core.ruler.push("restrain", _restrain)
    if half_written:
        parser.core.ruler.after("block", "hide_half_markers", _hide_half_markers)
        parser.inline.ruler.before("backticks", "half_code", _half_code)
        parser.inline.ruler.after("image", "half_link", _half_link)
        parser.inline.ruler2.after("balance_pairs", "close_open_pairs", _close_open_pairs)
    parser.render("a")  # compiles the rules: left to first use, a second thread would see half of them
    return parser


# What may yet become markup: a table's head, half an autolink or a citation; and a line of markers alone.
_HALF_MARKUP = re.compile(r"(?:^|\n)\|[^\n]*\Z|<(?=[a-z][^\s<>]*\Z)|\[[0-9, ]*\Z", re.IGNORECASE)
_MARKERS_ONLY = re.compile(r"[-+*_=#>|:`~ \t]*(?:[0-9]{1,9}[.)]?)?[ \t]*")


def _hide_half_markers(state: StateCore) -> None:
    """Parser rule: leave out what ends the last block and may yet become markup."""
    last = next((token for token in reversed(state.tokens) if token.content or token.type == "hr"), None)
    if last and last.type == "inline":
        last.content = _HALF_MARKUP.sub("", last.content).rstrip("\\*_~`[<")


def _half_code(state: StateInline, silent: bool) -> bool:
    """Inline rule: a code span that nothing closes goes on to the end."""
    run = re.compile("`+").match(state.src, state.pos, state.posMax)
    if not run or re.compile(f"(?<!`){run[0]}(?!`)").search(state.src, run.end(), state.posMax):
        return False
    if not silent:
        state.push("code_inline", "code", 0).content = state.src[run.end() : state.posMax]
    state.pos = state.posMax
    return True


def _half_link(state: StateInline, silent: bool) -> bool:
    """Inline rule, after those for whole links: the words of a link or image whose address is coming."""
    start = state.pos + state.src.startswith("![", state.pos)
    if not state.src.startswith("[", start):
        return False
    end = state.md.helpers.parseLinkLabel(state, start)
    if end < 0:
        state.pos = start + 1
        return True
    address = state.src[end + 1 : state.posMax]
    is_half = ")" not in address if address.startswith("(") else not address
    if not is_half or _CITATION.fullmatch(state.src, start, state.posMax):
        return False
    if not silent:
        _push_words(state, start + 1, end)
    state.pos = state.posMax
    return True


def _push_words(state: StateInline, start: int, end: int) -> None:
    outer_end = state.posMax
    state.pos, state.posMax = start, end
    state.md.inline.tokenize(state)  # not endless: labels nested beyond the parser's limit are not found
    state.posMax = outer_end


def _close_open_pairs(state: StateInline) -> None:
    """Pair rule: close at the end every `**`, `*` or `~~` that is open there, innermost first."""
    opened, covered = [], -1
    for position, delimiter in enumerate(state.delimiters):
        covered = max(covered, delimiter.end)
        if position > covered and delimiter.open and not delimiter.close:
            opened.append(delimiter)
    for opener in reversed(opened):
        opener.end = len(state.delimiters)
        state.push("text", "", 0).content = state.tokens[opener.token].content
        closer = Delimiter(opener.marker, opener.length, len(state.tokens) - 1, -1, open=False, close=True)
        state.delimiters.append(closer)


_PARSER = _parser(half_written=False)
_HALF_PARSER = _parser(half_written=True)


class Update(NamedTuple):
    """What a piece changed: HTML to append once, and HTML that replaces the previous tail."""

    finished: SafeString
    tail: SafeString


class StreamingMarkdown:
    """One answer as it arrives: all `finished` and `close()` together equal `render` of the whole text."""

    def __init__(self) -> None:
        self._unfinished = ""
        self._held = ""  # a carriage return that may be half of a line's end
        self._room = MAX_BYTES
        self._full = False

    def feed(self, piece: str) -> Update:
        """Costs a parse of the unfinished block: feed at the pace of the screen, not of the tokens."""
        piece = self._held + piece
        self._held = "\r" if piece.endswith("\r") else ""
        self._take(piece.removesuffix("\r"))
        cut = _finished_until(self._unfinished)
        finished, self._unfinished = self._unfinished[:cut], self._unfinished[cut:]
        lines, _, last_line = self._unfinished.rpartition("\n")
        shown = lines if _MARKERS_ONLY.fullmatch(last_line) else self._unfinished
        return Update(_to_html(finished, _PARSER), _to_html(shown, _HALF_PARSER))

    def close(self) -> SafeString:
        """HTML of what is left, no longer taken for half-written; it replaces the last tail."""
        self._take(self._held)
        return _to_html(self._unfinished, _PARSER)

    def _take(self, text: str) -> None:
        if not self._full:
            text = _normalise(text)
            kept = _cap(text, self._room)
            self._room -= len(kept.encode())
            self._full = kept != text
            self._unfinished += kept


_PROSE = re.compile(r"(?:\*\*)?[^\W\d_]")  # a line that starts so can open nothing but a paragraph
_GROWS_AFTER_BLANK_LINE = {"bullet_list_open", "ordered_list_open", "code_block"}


def _finished_until(source: str) -> int:
    """The offset up to which top-level blocks stay as they are, whatever follows."""
    complete, newline, half_line = source.rpartition("\n")
    decided = source if _PROSE.match(half_line) else complete + newline
    tokens: list[Token] = []
    _PARSER.block.parse(decided, _PARSER, {}, tokens)
    blocks = [(token.type, token.map[0], token.map[1]) for token in tokens if not token.level and token.map]
    if not blocks:
        return 0
    kind, first_line, end_line = blocks[-1]
    closed = end_line < decided.count("\n") and kind not in _GROWS_AFTER_BLANK_LINE
    lines = decided.split("\n")[: end_line if closed else first_line]
    return sum(len(line) + 1 for line in lines)


_CITATION = re.compile(r"(\s*)\[([0-9]{1,3}(?:\s*,\s*[0-9]{1,3})*)\]")


def mark_citations(html: SafeString, links: Mapping[int, str]) -> SafeString:
    """Links `[1]`, `[1][2]` and `[1, 2]` in the text of rendered HTML to our own addresses; drops others."""
    marker = _CitationMarker(links)
    marker.feed(html)
    marker.close()
    return SafeString("".join(marker.copied))


class _CitationMarker(HTMLParser):
    """Copies our own sanitised HTML and links the citations in its text, but not within links or code."""

    def __init__(self, links: Mapping[int, str]) -> None:
        super().__init__(convert_charrefs=True)
        self._links = links
        self._untouchable = 0
        self.copied: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 - the parser calls it so
        self._untouchable += tag in {"a", "code", "pre"}
        self.copied.append(self.get_starttag_text() or "")

    def handle_endtag(self, tag: str) -> None:
        self._untouchable -= tag in {"a", "code", "pre"}
        self.copied.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        text = escape(data, quote=False)
        self.copied.append(text if self._untouchable else _CITATION.sub(self._mark, text))

    def _mark(self, citation: re.Match[str]) -> str:
        numbers = [int(number) for number in citation[2].split(",") if int(number) in self._links]
        link = '<a class="cite" href="{}" aria-label="Source {}">[{}]</a>'
        marks = "".join(link.format(escape(self._links[n]), n, n) for n in numbers)
        return citation[1] + marks if marks else ""
