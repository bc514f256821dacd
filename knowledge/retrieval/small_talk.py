"""What people say to anybody, and what asks nothing that an entry could answer: a message near to it is no question.

Such a message may sound like an entry, as "no thanks" does like "No more payments", for the vectors of short texts are
near to much. An entry that says the same itself, as "Hello" in some bases, is as near to it and loses nothing.
"""

import threading
from weakref import WeakKeyDictionary

import numpy as np
import structlog

from knowledge.embedding import Embedder, EmbeddingError, Matrix, as_embedded

log = structlog.get_logger(__name__)
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
    try:
        lines = _lines(embedder, len(vector))
    except EmbeddingError as error:
        log.warning("small_talk_not_embedded", reason=str(error)[:300])
        return -1.0
    return float((lines @ vector).max()) if lines.shape[1] == len(vector) else -1.0


def _lines(embedder: Embedder, dimension: int) -> Matrix:
    """The vectors of all lines, made once in a process, and again where the model's dimension has changed."""
    known = _known.get(embedder)
    if known is None or known.shape[1] != dimension:
        with _making:
            known = _known.get(embedder)
            if known is None or known.shape[1] != dimension:
                known = _known[embedder] = embedder.embed(_TEXTS).astype(np.float32)
    return known


# One for each embedder: it goes when the embedder goes.
_known: WeakKeyDictionary[Embedder, Matrix] = WeakKeyDictionary()
_making = threading.Lock()
