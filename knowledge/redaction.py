"""E-mail addresses, phone and card numbers taken out of what people wrote, before it is kept or learned from.

Pure functions. They would rather take out a number too many than leave one: what is left reads "[phone number]".
"""

import re

EMAIL, PHONE, CARD = "[e-mail address]", "[phone number]", "[card number]"
# What comes before the at sign is bounded (RFC 5321: 64), so that a long run of letters is not walked again and again.
_EMAIL = re.compile(r"(?<![\w.+%-])[\w.+%-]{1,64}(?:@|\s?\[at\]\s?|\s?\(at\)\s?)[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
# Digits in any script, with what people put between them: spaces, dots, hyphens, slashes, brackets.
_NUMBER = re.compile(r"(?<![\w.,])[+(]{0,2}\d(?:[  .\-/()]{0,2}\d){6,24}(?![\w])")
_CARD_LENGTHS = range(13, 20)
# National numbers are rarely shorter; E.164 has at most 15 digits.
_PHONE_LENGTHS = range(8, 16)
_DATE = re.compile(r"(?:\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./]\d{4})")


def redact(text: str) -> str:
    """Return the text with e-mail addresses, phone and card numbers replaced by a word for what stood there."""
    return _NUMBER.sub(lambda found: _number(found.group()), _EMAIL.sub(EMAIL, text))


def _number(written: str) -> str:
    digits = [int(sign) for sign in written if sign.isdecimal()]
    if len(digits) in _CARD_LENGTHS and luhn(digits):
        return CARD
    if _DATE.fullmatch(written.strip("() ")):
        return written
    marked = not written.isdecimal()
    # A bare run of digits may be an order number: it is taken for a phone number where it begins like one.
    looks_dialled = written.startswith(("+", "0", "(")) or (marked and len(digits) >= min(_PHONE_LENGTHS) + 1)
    return PHONE if len(digits) in _PHONE_LENGTHS and looks_dialled else _without_card(written, digits)


def _without_card(written: str, digits: list[int]) -> str:
    return CARD if len(digits) > max(_CARD_LENGTHS) and luhn(digits[:16]) else written


def luhn(digits: list[int]) -> bool:
    """Tell whether digits end in their check digit (ISO/IEC 7812), as card numbers do."""
    doubled = [d if place % 2 == 0 else sum(divmod(2 * d, 10)) for place, d in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0
