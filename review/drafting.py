"""A model's draft of a new answer, from entries that exist and nothing else. A person reads it before it is saved."""

from asgiref.sync import async_to_sync

from chatbot.answering import Asked
from chatbot.chat_model import is_configured
from chatbot.deciding import Mode, Policy
from chatbot.models import Message
from chatbot.standing import SourcesChangedError
from knowledge.retrieval import RetrievalError
from review.asking_again import whole_answer
from review.models import ReviewItem
from review.proposing import bases_of

LIMIT_S = 60


class DraftError(Exception):
    """No draft could be written; the message says why and what to do."""


def draft_answer(item: ReviewItem, question: str) -> str:
    """Return an answer to a question, written from the nearest entries and checked against them; raises DraftError."""
    if not is_configured():
        raise DraftError("No model is set up. Write the answer yourself, or set OPENAI_BASE_URL and CHAT_MODEL.")
    asked = Asked(
        question=question,
        knowledge_bases=tuple(bases_of(item)),
        no_answer_text="",
        assistant_id=item.assistant_id,
        # Written from whatever is nearest, however far: what is not in there the guard does not let through.
        policy=Policy(mode=Mode.WRITE, clarify_at=0.0, write_at=0.0),
        tone=item.assistant.tone,
        instructions=item.assistant.instructions,
        language="",
    )
    try:
        draft = async_to_sync(whole_answer)(asked, may_write=True, limit_s=LIMIT_S)
    except (RetrievalError, SourcesChangedError, TimeoutError) as error:
        raise DraftError(f"No draft was written: {error or 'it took too long'}. Write the answer yourself.") from error
    if draft.outcome != Message.Outcome.WRITE or draft.failure:
        raise DraftError("The entries that exist do not answer this, so there is nothing to draft from.")
    return draft.text
