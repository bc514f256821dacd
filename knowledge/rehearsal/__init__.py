"""Trying an edit out: knowledge bases as they would be after it, on which the same retrieval runs.

Nothing is written but the vectors of edited words, which publishing would need as well.
"""

from knowledge.rehearsal.loading import Edit, forget
from knowledge.rehearsal.shelf import Rehearsal

__all__ = ["Edit", "Rehearsal", "forget"]
