"""Words that say how something is asked and not what, in some languages: in a small base they look rare."""

from collections.abc import Iterable

from knowledge.lexical.stems import primary
from knowledge.lexical.words import fold

_LISTS = {
    "en": """
        a an and any are as at be been but by can could did do does for from had has have how i if in into is it
        its me my not of on or our out please should so some that the their them then there they this to up us
        was we were what when where which who why will with would you your im ive dont cant
    """,
    "sv da nb nn no": """
        att av de den det du då ej eller en er ett för från få får hur här i inte jag kan med men mig min mitt
        ni när och om på sig ska som så till var vad vem vi vill är at af der dig for fra hvad hvor hvordan ikke
        jeg mit og
    """,
    "de nl": """
        aber als am an auf aus bei bin bitte das dass dem den der die du ein eine einen er es für haben hat ich
        ihr im in ist kann können man mein meine mich mir mit nicht oder sie sind und von vor wann warum was
        wenn wer wie wir wird wo zu zum zur de een en het hoe ik is kan mijn niet op te van voor waar wat we
        wordt zijn
    """,
    "fr it es pt": """
        au aux avec ce ces comment dans de des du elle en est et il je la le les leur ma mais me mes mon ne nous
        on ou où par pas pour puis quand que quel quelle qui sa se ses si son sont sur un une vous che chi come
        con da di è ho io lo mi mio nel non per perché posso quando sono al cómo como cuál cuándo del dónde el
        es están este hay los mis muy no nos o para pero por puedo qué sin su sus tengo y yo às com do dos e ele
        em eu meu minha na não nas onde os quais qual são sem seu sua tem um uma
    """,
}
_BY_LANGUAGE = {
    language: frozenset(fold(word) for word in words.split())
    for languages, words in _LISTS.items()
    for language in languages.split()
}


def is_common(folded: str, languages: Iterable[str]) -> bool:
    """Whether a folded word is one of them in a language. Such are weighed less, never left out."""
    return any(folded in _BY_LANGUAGE.get(primary(language), ()) for language in languages)
