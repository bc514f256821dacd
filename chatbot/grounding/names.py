"""Names: words that begin with a capital and are not ordinary words at the head of a sentence.

What a capital means depends on the language of the question, else of the sources. In German every noun has one: only a
capital right after another unknown one, or within a word, makes a name. For English alone there is a list of words with
which a sentence may begin; in other languages the first word of a sentence is let through.
"""

from collections.abc import Iterable

from chatbot.grounding.ordinary import is_ordinary
from chatbot.grounding.said import Said
from chatbot.grounding.tokens import Token, tokenise
from chatbot.grounding.vocabulary import MEASURES, PRONOUNS
from knowledge.lexical.function_words import is_common

# What is written in capitals to be heard, and names nothing.
_EMPHASISED = """
asap diy eta etc faq id ps tba tbc
always attention careful caution free important never note please remember required stop tip warning yes
"""
EMPHASISED = frozenset(_EMPHASISED.split())
# After a verb, and not after a name: Straighten the bar.
_AFTER_VERBS = "the your it them this these those its our their any all each every both"
AFTER_VERBS = frozenset(_AFTER_VERBS.split())
BEFORE_CODES = frozenset({"code", "codes", "coupon", "voucher", "password", "promo", "codeword"})
_LANGUAGES = ("en", "de", "fr", "sv")  # one for each list of small words


class Names:
    """Judges the words of one answer against what the sources and the question say."""

    def __init__(self, said: Said, question: str, sources: Iterable[str]) -> None:
        self._said = said
        self._language = _language(question) or _language(" ".join(sources)[:2_000]) or "en"

    def may_be_verb(self, word: str, *, starts: bool) -> bool:
        """Whether it depends on the next word if a name is meant: Straighten the bar, and Margaret has it."""
        begins_large = word[:1].isupper() and word[1:].islower() and word.isalpha()
        return self._language == "en" and starts and begins_large and not self._is_known(word.casefold())

    def _is_ordinary(self, word: str) -> bool:
        """Also where something ordinary is made of what a source says: paintwork, of paint."""
        parts = ((word[:at], word[at:]) for at in range(4, len(word) - 2))
        return is_ordinary(word, self._said.knows) or any(
            is_ordinary(end) and self._said.knows(begin) for begin, end in parts
        )

    def _is_known(self, word: str) -> bool:
        return self._said.knows(word) or self._is_ordinary(word)

    def unsupported(self, word: Token, before: Token | None, *, starts: bool, following: str = "") -> bool:
        """Whether a word is a name that is not said; `before` is the word, code or number right before it.

        `following` is the next word, where a sentence begins with this one.
        """
        if word.low in PRONOUNS or word.text.islower() or not word.text[0].isalpha():
            return False
        if self._is_codeword(word, before):
            return word.low not in self._said.shouted
        if word.low in self._said.initials and word.text.isupper():
            return False
        if self._said.knows(word.low):
            return before is not None and self._never_together(before, word)
        if not word.text[0].isupper():
            # iPhone; other capitals inside a word are typing errors of no consequence.
            return any(map(str.isupper, word.text[1:]))
        if not word.text.isascii() and word.text.lower() == word.text:
            return False
        if self._language == "en":
            if word.text.isupper() and len(word.text) > 1:
                return not (word.low in EMPHASISED or is_common(word.low, ("en",)))
            return not (starts and (self._is_ordinary(word.low) or following.casefold() in AFTER_VERBS))
        follows_name = before is not None and before.text[0].isupper() and not is_common(before.low, _LANGUAGES)
        if any(map(str.isupper, word.text[1:])):
            return True
        return follows_name if self._language == "de" else not starts

    def _is_codeword(self, word: Token, before: Token | None) -> bool:
        """Whether a word in capitals stands where a code would: the voucher HELMET."""
        return word.text.isupper() and len(word.text) > 2 and before is not None and before.low in BEFORE_CODES

    def _never_together(self, before: Token, word: Token) -> bool:
        """Whether two names, or a number and a name, are each said but not together: Heron E, of Heron and Curlew E."""
        names, low = self._said.names, word.low.removesuffix("'s")
        if low not in names:
            return False
        if before.kind == "number":
            numbered = any(one.isdigit() for one, other in self._said.pairs if other == low)
            return numbered and (before.low, low) not in self._said.pairs
        if before.low in MEASURES or (word.text.isupper() and len(word.text) > 2):
            return False  # 625 Wh Long Range, Deptford Bridge DLR
        together = before.text[0].isupper() and before.low in names and not is_common(before.low, ("en",))
        return together and (before.low, low) not in self._said.pairs


def _language(text: str) -> str:
    """Return the language of which a text has most small words, English where they are equal; "" where it has none."""
    words = [token.low for token in tokenise(text) if token.kind == "word"]
    counts = {language: sum(is_common(word, (language,)) for word in words) for language in _LANGUAGES}
    best = max(counts, key=lambda language: counts[language])
    return best if counts[best] else ""
