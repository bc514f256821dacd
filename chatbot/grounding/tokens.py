"""A folded text in tokens: links, addresses, dates, times, numbers, words and single characters, in order."""

import re
from dataclasses import dataclass

_TOP_LEVEL = (
    "com org net io co uk de fr es it eu info biz app dev shop store online site example test local int edu gov mil ai "
    "me tv us ca au nz ie nl be ch at se no dk fi pl cz pt ru cn jp in br mx za link click xyz top club pro help page "
    "cloud tech news live blog wiki ly gl cc to gg sh"
).replace(" ", "|")
# Scripts that put no spaces between words, with their punctuation: every character stands alone.
UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3001-\u300f\u3012-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uff01-\uff0f"
_LETTER = rf"(?:(?![{UNSPACED}])[^\W\d_])"
_LABEL = "[a-z0-9](?:[a-z0-9-]{0,60}[a-z0-9])?"
_TOKEN = re.compile(
    rf"""
    (?P<target>\]\(\s*<?[^)\s>]*)
    |(?P<link>[a-z][a-z0-9+.-]{{1,20}}://[^\s<>()\[\]"']* | (?<![\w:/])//[\w-]+\.[^\s<>()\[\]"']*
        | (?:javascript|vbscript|data|file|blob|tel|sms):[^\s<>"']+ )
    |(?P<email>(?:mailto:)?[\w.+%-]+@[\w-]+(?:\.[\w-]+)+)
    |(?P<domain>(?<![\w@.-])(?:www\.{_LABEL}(?:\.{_LABEL})+|(?:{_LABEL}\.)+(?:{_TOP_LEVEL}))(?![\w-])(?:[/?\#][^\s<>()"']*)?)
    |(?P<date>(?<!\d)(?:\d{{4}}-\d{{1,2}}-\d{{1,2}}|\d{{1,2}}(?P<dot>[./-])\d{{1,2}}(?P=dot)(?:\d{{4}}|\d{{2}}))(?![\d]))
    |(?P<time>(?<![\d.,:])(?:[01]?\d|2[0-4])(?::|h)[0-5]\d(?!\d))
    |(?P<version>(?<![\d,])\d+(?:\.\d+){{2,}}(?!\d))
    |(?P<number>\d+(?:[.,']\d+)*)
    |(?P<half>[ap]\.m\.?(?!\w)|o'clock)
    |(?P<word>[{UNSPACED}](?<=\w)|{_LETTER}+(?:'{_LETTER}+)*)
    |(?P<mark>[^\s])
    """,
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True)
class Token:
    """A piece of text; `glued`: nothing stands between it and the token before."""

    kind: str
    text: str
    start: int
    end: int
    glued: bool

    @property
    def low(self) -> str:
        """The text as it is compared."""
        return self.text.casefold()


def tokenise(text: str) -> list[Token]:
    """Return the tokens of a folded text; what is between them is white space."""
    tokens: list[Token] = []
    end = -1
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or ""
        kind = "date" if kind == "dot" else kind
        tokens.append(Token(kind, match[0], match.start(), match.end(), match.start() == end))
        end = match.end()
    return tokens
