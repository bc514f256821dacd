"""Full-text search over conversations, the same on SQLite and PostgreSQL.

A table of numbers made of the assistant and a word: it finds what has all the words that are looked for, in any of
their forms, and what is deleted leaves nothing that could be read.
"""

import uuid
from collections.abc import Iterable, Sequence

from django.db.models import QuerySet

from chatbot.models import Assistant
from knowledge.lexical.counting import word_number
from knowledge.lexical.stems import forms
from knowledge.lexical.words import words
from review.models import AskedQuestion, SpokenWord

# Of one turn; a long answer says what it is about early.
MOST_WORDS = 200
MOST_ASKED = 8


def index_turn(asked: AskedQuestion, texts: Sequence[str], languages: Iterable[str]) -> list[SpokenWord]:
    """Return the rows of a turn: every word once in each language, by its stem."""
    numbers = dict.fromkeys(
        number for language in languages for text in texts for number in _numbers(text, asked.assistant_id, language)
    )
    return [SpokenWord(word=number, question=asked) for number in list(numbers)[:MOST_WORDS]]


def search(questions: QuerySet[AskedQuestion], text: str, assistants: Sequence[Assistant]) -> QuerySet[AskedQuestion]:
    """Return those of `questions` whose turn has all words of a text (up to eight); all for a text without words."""
    spoken = [word.form for word in words(text)][:MOST_ASKED]
    for word in spoken:
        numbers = {
            word_number(assistant.pk, form)
            for assistant in assistants
            for language in languages_of(assistant)
            for form in forms(word, language)[-1:]
        }
        having = SpokenWord.objects.filter(word__in=numbers).values("question")
        questions = questions.filter(pk__in=having)
    return questions


def _numbers(text: str, assistant_id: uuid.UUID, language: str) -> Iterable[int]:
    return (word_number(assistant_id, forms(word.form, language)[-1]) for word in words(text))


def languages_of(assistant: Assistant) -> set[str]:
    """Return the languages of what an assistant knows; its knowledge bases loaded."""
    return {base.language for base in assistant.knowledge_bases.all()} or {"en"}
