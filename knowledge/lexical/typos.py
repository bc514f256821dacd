"""Words one slip of the hand away: a letter too many, too few, another, or two exchanged."""

import unicodedata
from functools import lru_cache

SHORTEST = 4
_LONGEST = 24
# Letters that folded words of a script are made of, by the first word of a letter's Unicode name.
_ALPHABETS = {
    "LATIN": "abcdefghijklmnopqrstuvwxyz",
    "CYRILLIC": "абвгдежзиклмнопрстуфхцчшщъыьэюяіє",
    "GREEK": "αβγδεζηθικλμνξοπρστυφχψω",
    "HEBREW": "אבגדהוזחטיכךלמםנןסעפףצץקרשת",
    "ARABIC": "ءابتثجحخدذرزسشصضطظعغفقكلمنهويىةپچگک",
    "ARMENIAN": "աբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆ",
}


@lru_cache(1_000)
def neighbours(word: str) -> frozenset[str]:
    """Folded words at a distance of one slip, some 50 per letter; none of what is short, long or no plain word.

    The first letter stays, unless it was exchanged with the second: people seldom miss it, and a good half of what
    only looks alike (tiger, liger) is not meant.
    """
    if not (SHORTEST <= len(word) <= _LONGEST and word.isalpha()):
        return frozenset()
    alphabet = _ALPHABETS.get(unicodedata.name(word[0], "").split(" ")[0], "")
    if not alphabet:
        return frozenset()
    found = {word[1] + word[0] + word[2:]}
    for at in range(1, len(word) + 1):
        head, tail = word[:at], word[at:]
        found.update(head + letter + tail for letter in alphabet)
        if tail:
            found.add(head + tail[1:])
            found.update(head + letter + tail[1:] for letter in alphabet)
            found.add(head + tail[1:2] + tail[0] + tail[2:])
    return frozenset(found - {word})
