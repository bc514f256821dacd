"""What counts as a question: cleaned the same way for the page, and refused in words that say what to do."""

import unicodedata

from django.conf import settings
from django.utils.translation import gettext

from chatbot.models import QUESTION_LENGTH
from knowledge.texts import TextError, clean


class QuestionRefusedError(Exception):
    """The text cannot be asked; the message is for the visitor."""


def clean_question(text: str) -> str:
    """Return the question in NFC with plain line ends and no outer white space; raises QuestionRefusedError."""
    text = text.strip()
    # Composing makes a text shorter, at most to a quarter; what is longer still is not worth the time.
    _refuse_long(text, 4 * QUESTION_LENGTH)
    try:
        text = clean(text, 4 * QUESTION_LENGTH)
    except TextError as error:
        raise QuestionRefusedError(
            gettext("Your question contains characters that are not text. Please type it again.")
        ) from error
    if not any(_is_visible(character) for character in text):
        raise QuestionRefusedError(gettext("Please type a question first."))
    _refuse_long(text, min(settings.QUESTION_MAX_LENGTH, QUESTION_LENGTH))
    return text


def _refuse_long(text: str, limit: int) -> None:
    if len(text) > limit:
        most = min(limit, settings.QUESTION_MAX_LENGTH)
        raise QuestionRefusedError(
            gettext("Your question has %(length)s characters, and %(most)s is the most. Please shorten it.")
            % {"length": f"{len(text):,}", "most": f"{most:,}"}
        )


def _is_visible(character: str) -> bool:
    return unicodedata.category(character)[0] in "LNPS"
