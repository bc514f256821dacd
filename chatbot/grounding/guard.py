"""The guard: lets a streamed answer through word by word, and no hard fact that is not said.

The text is cut into runs, what stands between white space. A run whose last word may still become another fact with
the next one (30 | days, June | 30, +44 | 20) waits for that one. So what is let through depends on the text alone and
not on how it came in pieces, and it is behind by no more than the fact and the word after it.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from chatbot.grounding.citations import Citations
from chatbot.grounding.facts import Fact, facts_of
from chatbot.grounding.figures import short_unit
from chatbot.grounding.folding import fold
from chatbot.grounding.joining import goes_on
from chatbot.grounding.names import Names
from chatbot.grounding.ranges import ranged
from chatbot.grounding.said import Said
from chatbot.grounding.tokens import UNSPACED, Token, tokenise

# No word is as long: what has no end cannot be checked.
LONGEST_RUN = 2_000
LONGEST_FACT = 12  # runs
_RUN = re.compile(rf"(\s*)([{UNSPACED}]|[^\s{UNSPACED}]+(?=[\s{UNSPACED}]))")
_LAST = re.compile(r"(\s*)(\S+)")
_OPENING = re.compile(r"""^[*_~`]*["'“‘«(\[#>•*_-]""")
_SENTENCE_END = re.compile(r"""[.!?:;…。！？](?:["'”’)\]»*_`]*)$""")
_LIST_NUMBER = re.compile(r"(\d{1,2})[.)]$")
Run = tuple[str, str]
"""White space and what stands after it, as they came."""


class UnsupportedFactError(Exception):
    """The answer says something that neither a source nor the visitor says; the message is for staff."""

    def __init__(self, kind: str, fact: str) -> None:
        super().__init__(f"No source says this {kind}: {fact[:200]}")
        self.kind = kind
        self.fact = fact[:200]


class Guard:
    """One answer's guard; `sources` in the order of their numbers from 1, `cited` the numbers that may be linked."""

    def __init__(self, sources: Sequence[str], question: str, *, cited: Collection[int]) -> None:
        self._said = Said([*sources, question])
        self._names = Names(self._said, question, sources)
        self._citations = Citations(cited)
        self._rest: list[str] = []
        self._size = 0
        self._runs: list[Run] = []
        self._before: Token | None = None
        self._starts = True
        self._line_number = 0
        self._following = ""

    @property
    def dropped_citations(self) -> int:
        """How many marks named a source that may not be linked, and were left out."""
        return self._citations.dropped

    @property
    def held(self) -> str:
        """What was fed and is not let through yet."""
        return "".join(space + run for space, run in self._runs) + "".join(self._rest)

    def feed(self, piece: str) -> str:
        """Return what may be shown now of all that came so far; raises UnsupportedFactError."""
        self._rest.append(piece)
        self._size += len(piece)
        if re.search(rf"[\s{UNSPACED}]", piece):
            self._cut()
        elif self._size > LONGEST_RUN:
            raise UnsupportedFactError("word without an end", "".join(self._rest))
        return self._settle(final=False)

    def finish(self) -> str:
        """Return the rest at the end of the answer; raises UnsupportedFactError."""
        self._cut()
        if last := _LAST.fullmatch("".join(self._rest).rstrip()):
            self._runs.append((last[1], last[2]))
        self._runs = self._citations.finished(self._runs)
        self._rest, self._size = [], 0
        return self._settle(final=True)

    def _cut(self) -> None:
        text, end = "".join(self._rest), 0
        for match in _RUN.finditer(text):
            if match.start() != end:
                break
            self._runs.append((match[1], match[2]))
            end = match.end()
            if end - match.start() > LONGEST_RUN:
                raise UnsupportedFactError("word without an end", match[2])
        self._rest, self._size = [text[end:]], len(text) - end

    def _settle(self, *, final: bool) -> str:
        shown: list[str] = []
        while size := self._group(final=final):
            group, self._runs = self._runs[:size], self._runs[size:]
            # Looked at only where it was waited for: what is let through must not depend on what came together.
            waited = size == 1 and bool(self._runs) and self._may_be_verb(group[0])
            self._following = _bare(self._runs[0][1]) if waited else ""
            if self._is_list_number(group[0]):
                self._line_number = int(re.sub(r"\D", "", group[0][1]))
                self._starts, self._before = True, None
            else:
                self._check(group)
            shown += [self._citations.clean(space, run) for space, run in self._citations.whole(group)]
        return "".join(shown)

    def _group(self, *, final: bool) -> int:
        """How many runs from the first belong to one fact; 0 where that is not known yet."""
        if not self._runs:
            return 0
        size = 1
        while size < LONGEST_FACT and not (size == 1 and self._is_list_number(self._runs[0])):
            following = self._runs[size][1] if size < len(self._runs) else None
            if size == 1 and following is None and not final and self._may_be_verb(self._runs[0]):
                return 0
            if following is not None and re.search(r"\n\s*\n", self._runs[size][0]):
                return size
            goes = goes_on([run for _, run in self._runs[:size]], following)
            if goes is None and not final:
                return 0
            if not goes:
                return size
            size += 1
        return size

    def _may_be_verb(self, run: Run) -> bool:
        starts = self._starts or "\n" in run[0] or bool(_OPENING.match(run[1]))
        return self._names.may_be_verb(_bare(run[1]), starts=starts)

    def _is_list_number(self, run: Run) -> bool:
        """Whether a run is the number of a line in a list: 1, or one more than that of the last."""
        space, text = run
        match = _LIST_NUMBER.fullmatch(text)
        opens_line = "\n" in space or (self._before is None and self._starts)
        return match is not None and opens_line and int(match[1]) in {1, self._line_number + 1}

    def _check(self, group: list[Run]) -> None:
        raw = "".join(f"{' ' if space else ''}{run}" for space, run in self._citations.whole(group)).strip()
        text = fold(self._citations.without(raw))
        tokens = tokenise(text)
        facts = [(_in_both_ways(fact, tokens, after), first, after) for fact, first, after in facts_of(text, tokens)]
        facts = ranged(facts, tokens)
        if "\n" in group[0][0] or _OPENING.match(group[0][1]):
            self._starts, self._before = True, None
        taken: set[int] = set()
        for fact, first, after in facts:
            self._refuse_unless_said(fact)
            taken.update(range(first, after))
        for place, token in enumerate(tokens):
            self._check_word(token, is_fact=place in taken, is_last=place == len(tokens) - 1)
        if _SENTENCE_END.search(raw):
            self._starts, self._before = True, None

    def _refuse_unless_said(self, fact: Fact) -> None:
        if not self._said.supports(fact):
            raise UnsupportedFactError(fact.kind, fact.text)

    def _check_word(self, token: Token, *, is_fact: bool, is_last: bool) -> None:
        if token.kind == "mark":
            self._before = None
            self._starts = self._starts or token.text in '"“«([>#•:'
            return
        if token.kind == "word" and (not is_fact or token.text[0].isupper()):
            weekday_or_unit = is_fact
            next_word = self._following if is_last else ""
            if not weekday_or_unit and self._names.unsupported(
                token, self._before, starts=self._starts, following=next_word
            ):
                raise UnsupportedFactError("name", token.text)
        self._before, self._starts = token, False


def _in_both_ways(fact: Fact, tokens: Sequence[Token], after: int) -> Fact:
    """A number before a letter that may be its unit: either may be said."""
    short = short_unit(fact, tokens, after)
    return replace(fact, keys=(*fact.keys, *short.keys)) if short else fact


def _bare(run: str) -> str:
    """A run without the marks around it."""
    return re.sub(r"^\W+|\W+$", "", run)
