"""Marks that name sources, `[2]` or `[1, 3]`: those of sources that may be linked stay, all others are left out."""

import re
from collections.abc import Collection

_NUMBERS = r"\d{1,3}(?:\s*,\s*\d{1,3})*"
_MARK = re.compile(rf"\[\s*(?:sources?\s*:?\s*)?({_NUMBERS})\s*\](?!\()|【[^】]{{0,40}}】", re.IGNORECASE)
# A mark that the next run may complete, and one that nothing completes any more.
OPEN_MARK = re.compile(r"\[\s*(?:sources?:?\s*)?(?:\d[\d,\s]*)?$|\[\s*so?u?r?c?e?s?$", re.IGNORECASE)
_BROKEN = re.compile(r"\s*\[\s*\d[\d,\s]*$")
_ONLY_MARKS = re.compile(r"^[.,;:!?)]*$")
Run = tuple[str, str]


class Citations:
    """The marks of one answer, with a count of those that were left out."""

    def __init__(self, allowed: Collection[int]) -> None:
        self._allowed = frozenset(allowed)
        self.dropped = 0

    def whole(self, group: list[Run]) -> list[Run]:
        """Return the runs with a mark that has spaces inside (`[1, 3]`) as one run."""
        runs: list[Run] = []
        for space, text in group:
            if runs and OPEN_MARK.search(runs[-1][1]):
                runs[-1] = (runs[-1][0], f"{runs[-1][1]}{space}{text}")
            else:
                runs.append((space, text))
        return runs

    def finished(self, runs: list[Run]) -> list[Run]:
        """Return the last runs of an answer without a mark that nothing completes any more."""
        whole = self.whole(runs)
        if not whole:
            return []
        *before, (space, text) = whole
        cleaned = _BROKEN.sub("", text)
        return [*before, (space, cleaned)] if cleaned else before

    def without(self, text: str) -> str:
        """Return a text without its marks: their numbers are no facts."""
        return _MARK.sub("", text)

    def clean(self, space: str, run: str) -> str:
        """Return a run as it may be shown; where nothing is left of it, or only a full stop, without its space."""
        cleaned = _MARK.sub(self._allowed_only, run)
        if cleaned == run:
            return space + run
        return cleaned if _ONLY_MARKS.match(cleaned) else space + cleaned

    def _allowed_only(self, mark: re.Match[str]) -> str:
        numbers = [int(number) for number in re.findall(r"\d+", mark[1] or "")]
        kept = [number for number in numbers if number in self._allowed]
        self.dropped += max(len(numbers), 1) - len(kept)
        return f"[{', '.join(map(str, kept))}]" if kept else ""
