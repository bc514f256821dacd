"""Evidence from words: what embeddings miss (codes, names, error numbers), found in SQL as soon as an edit is saved."""

from knowledge.lexical.postings import forget_words, index_words
from knowledge.lexical.search import LexicalMatch, WordSearch, search_words

__all__ = ["LexicalMatch", "WordSearch", "forget_words", "index_words", "search_words"]
