"""Retrieval: from a question to the entries that may answer it. One function serves chat, commands and tests."""

from knowledge.retrieval.asking import PASSAGES, retrieve
from knowledge.retrieval.results import Candidate, Evidence, Retrieval, RetrievalError

__all__ = ["PASSAGES", "Candidate", "Evidence", "Retrieval", "RetrievalError", "retrieve"]
