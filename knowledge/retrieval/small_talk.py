"""What people say to anybody, and what asks nothing that an entry could answer: a message near to it is no question.

Such a message may sound like an entry, as "no thanks" does like "No more payments", for the vectors of short texts are
near to much. An entry that says the same itself, as "Hello" in some bases, is as near to it and loses nothing.
"""

import threading
import time
from weakref import WeakKeyDictionary

import structlog

from knowledge.embedding import Embedder, EmbeddingError, Matrix, as_embedded

log = structlog.get_logger(__name__)
# How long nobody asks a model for them that did not answer.
PAUSE_S = 60.0
LINES = """
    hi · hello · hey, how are you? · good morning · good evening · nice to meet you · thanks · thank you very much
    ok, thank you · you are welcome · ok · okay, fine · all right, great · yes · yes please · no · no thanks · maybe
    sure · really? · sorry · wait a moment · later · goodbye · see you tomorrow · have a nice day · happy birthday
    haha · lol · what is your name? · who are you? · are you a robot? · how old are you? · where are you from?
    what can you do? · do you speak English? · my name is John · I am Maria · I am 34 years old · john@mail.example
    12 Park Road, London · I have a question · can I ask you something? · please answer · tell me · tell me more
    go on · what? · why? · how? · and the other one? · what do you mean? · I do not understand · I do not know
    I told you already · that is not what I asked · that is wrong · you did not answer · never mind · forget it
    I will think about it · let me check · done · I sent it · see the picture · it works now · this is useless
    you are stupid · I love you · I like it · very good · very bad · what is the weather like tomorrow?
    what time is it? · what day is it today? · tell me a joke · sing a song · write a poem · who won the match?
    what is the capital of France? · what is two plus two? · what is the meaning of life?
    what should I eat tonight? · translate this into French · test · asdf · hallo, danke · bonjour, merci
    hola, gracias · olá, obrigado · hej, tack
"""
_TEXTS = [as_embedded(said) for line in LINES.strip().splitlines() for said in line.split(" · ")]


def nearness(vector: Matrix, embedder: Embedder) -> float:
    """Return the cosine of a question's unit vector (d,) with the small talk it is nearest to.

    It is -1 where small talk cannot be embedded now: a question that could be is not lost for it.
    """
    with _making:
        lines = _known.setdefault(embedder, _Lines())
    vectors = lines.vectors(embedder, len(vector))
    return -1.0 if vectors is None else float((vectors @ vector).max())


class _Lines:
    """The vectors of all lines by one embedder, made once in a process; it rests after a failure."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: Matrix | None = None
        self._rests_until = 0.0

    def vectors(self, embedder: Embedder, dimension: int) -> Matrix | None:
        """Return them (lines, dimension), made anew where the model's dimension has changed; None for a while."""
        known = self._known(dimension)
        if known is None:
            with self._lock:
                # Who waited for another thread finds what that made, or that it could not.
                if self._known(dimension) is None and time.monotonic() >= self._rests_until:
                    self._make(embedder)
                known = self._known(dimension)
        return known

    def _known(self, dimension: int) -> Matrix | None:
        made = self._made
        return made if made is not None and made.shape[1] == dimension else None

    def _make(self, embedder: Embedder) -> None:
        # Also where it succeeds: a model that makes vectors of two lengths is not asked for ever.
        self._rests_until = time.monotonic() + PAUSE_S
        try:
            self._made = embedder.embed(_TEXTS)
        except EmbeddingError as error:
            log.warning("small_talk_not_embedded", reason=str(error)[:300])


# One for each embedder: it goes when the embedder goes.
_known: WeakKeyDictionary[Embedder, _Lines] = WeakKeyDictionary()
_making = threading.Lock()
