"""From entries to the index: draining what changed, building generations, watching that the index tells the truth.

Everything here may be killed at any line and run again: a row counts as indexed only once it is marked so.
"""

from knowledge.indexing.drain import DrainReport, drain
from knowledge.indexing.generations import rebuild
from knowledge.indexing.lease import LeaseLostError, LeaseTakenError
from knowledge.indexing.watch import Finding, examine, tend

__all__ = [
    "DrainReport",
    "Finding",
    "LeaseLostError",
    "LeaseTakenError",
    "drain",
    "examine",
    "rebuild",
    "tend",
]
