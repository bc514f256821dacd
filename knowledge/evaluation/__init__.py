"""Measuring retrieval on questions whose right answers are known, in a scratch installation made by the product's code.

A floor above services: it uses everything below as the product does, and nothing of the product knows of it.
"""

from knowledge.evaluation.asking import Steps
from knowledge.evaluation.datasets import Dataset, DatasetError, Query, load_dataset, load_questions
from knowledge.evaluation.report import as_text
from knowledge.evaluation.running import EvaluationError, evaluate
from knowledge.evaluation.scratch import ScratchError

__all__ = [
    "Dataset",
    "DatasetError",
    "EvaluationError",
    "Query",
    "ScratchError",
    "Steps",
    "as_text",
    "evaluate",
    "load_dataset",
    "load_questions",
]
