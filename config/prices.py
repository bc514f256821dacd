"""The price table of language models, as it is written in the environment."""

from decimal import Decimal, InvalidOperation

from django.core.exceptions import ImproperlyConfigured

Prices = dict[str, tuple[Decimal, Decimal]]


def parse_prices(text: str) -> Prices:
    """Read `model=in/out` with commas between, for a million tokens, in one currency; anything else is refused."""
    prices: Prices = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        model, _, pair = part.rpartition("=")
        try:
            price_in, price_out = (Decimal(price) for price in pair.split("/"))
            # NaN and infinity compare with nothing, or with everything.
            if not model.strip() or not (0 <= price_in < 10**6 and 0 <= price_out < 10**6):
                raise ValueError
        except (ValueError, InvalidOperation):
            raise ImproperlyConfigured(
                f"MODEL_PRICES has “{part}”. Write the model and what a million tokens cost, in and out: "
                "MODEL_PRICES=gpt-5-mini=0.25/2.00,llama3.2=0/0"
            ) from None
        prices[model.strip()] = price_in, price_out
    return prices
