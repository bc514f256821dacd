"""The grounding guard: while an answer streams, no hard fact is shown that neither a source nor the visitor says.

Hard facts are numbers, amounts, percentages, dates, times, durations, telephone numbers, e-mail addresses, links,
postal addresses, codes, versions, and names of products and persons. What it cannot see: supported facts put together
wrongly ("30 days" of returns said of delivery), a "not" left out, an invented name in small letters. For these there
is `support`, which is low where the words of an answer are not those of its sources.
"""

from chatbot.grounding.guard import Guard, UnsupportedFactError
from chatbot.grounding.support import support

__all__ = ["Guard", "UnsupportedFactError", "support"]
