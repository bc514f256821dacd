"""Evidence from words: what embeddings miss (codes, names, error numbers), found in SQL as soon as an edit is saved."""

from knowledge.lexical.postings import index_words
from knowledge.lexical.search import LexicalMatch, search_words

__all__ = ["LexicalMatch", "index_words", "search_words"]
