"""Words that are facts without a figure: seasons, decades, next year, hundreds, a tenner, an address spelled out."""

from chatbot.grounding.reader import Found, Reader
from chatbot.grounding.vocabulary import NOTES, PERIODS, ROUGHLY, SPELLED, WHEN, WHICH


class Sayings(Reader):
    """Reads single words and pairs that a source must say too, in these words."""

    def _saying(self, place: int) -> Found | None:
        low, following = self.low(place), self.low(place + 1)
        if low in NOTES:
            return self.fact("amount", place, place + 1, ("amount", "£", NOTES[low]), numbers=[NOTES[low]])
        if low in WHICH and following in PERIODS:
            return self.fact("date", place, place + 2, ("pair", low, following))
        kinds = {"date": WHEN, "number": ROUGHLY, "link": SPELLED}
        for kind, words in kinds.items():
            if low in words:
                return self.fact(kind, place, place + 1, ("word", low))
        return None
