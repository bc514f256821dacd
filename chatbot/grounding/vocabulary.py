"""The words that make facts: numbers, units, months and days, in English and where short also in other languages."""

from fractions import Fraction

_SMALL = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
nineteen
"""
SMALL = {word: n for n, word in enumerate(_SMALL.split())}
TENS = {
    word: 10 * n
    for n, word in enumerate(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], 2)
}
MAGNITUDES = {
    "dozen": 12,
    "hundred": 100,
    "thousand": 1_000,
    "grand": 1_000,
    "million": 1_000_000,
    "billion": 1_000_000_000,
    "mio": 1_000_000,
    "k": 1_000,
}
_ORDINALS = "third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth"
ORDINALS = {
    word: n
    for n, word in enumerate(f"{_ORDINALS} sixteenth seventeenth eighteenth nineteenth twentieth".split(), start=3)
} | {"thirtieth": 30, "fortieth": 40, "fiftieth": 50, "hundredth": 100}
PARTS = {
    "half": Fraction(1, 2),
    "quarter": Fraction(1, 4),
    "twice": Fraction(2),
    "double": Fraction(2),
    "triple": Fraction(3),
    "couple": Fraction(2),
}
# What makes other days of days, and what leaves them what they are.
DAY_ADJECTIVES = {
    **dict.fromkeys(("working", "business", "work", "week"), "working"),
    **dict.fromkeys(("calendar", "full", "whole", "consecutive", "more", "extra", "further"), ""),
}
# What a number names one of, and does not count: version 2, floor 3, bus number 7.
_LABELS = "version release floor bus tram platform gate room section chapter number size page paragraph"
LABELS = frozenset(_LABELS.split())
# Words that are facts by themselves.
_WHEN = """
spring summer autumn winter tomorrow yesterday tonight
twenties thirties forties fifties sixties seventies eighties nineties
"""
WHEN = frozenset(_WHEN.split())
_ROUGHLY = "dozens hundred hundreds thousand thousands million millions billion billions"
ROUGHLY = frozenset(_ROUGHLY.split())
SPELLED = frozenset({"dot", "@"})
WHICH = frozenset({"next", "last", "previous", "coming"})
PERIODS = frozenset(["week", "weekend", "month", "quarter", "season", "year", "decade", "century"])
NOTES = {"fiver": Fraction(5), "tenner": Fraction(10)}

# Minutes for what has a fixed length, months for the rest: a month is no number of days.
_MINUTES = {
    "second": ("seconds", "sec", "secs", "sekunde", "sekunden", "seconde", "secondes", "segundo", "segundos"),
    "minute": ("minutes", "min", "mins", "minuten", "minuto", "minutos"),
    "hour": ("hours", "hr", "hrs", "hourly", "stunde", "stunden", "heure", "heures", "hora", "horas"),
    "day": ("days", "daily", "tag", "tage", "tagen", "jour", "jours", "día", "días", "dag", "dagar", "giorni"),
    "week": ("weeks", "weekly", "wk", "wks", "woche", "wochen", "semaine", "semaines", "semana", "semanas", "veckor"),
    "fortnight": ("fortnights", "fortnightly"),
}
_LENGTHS: dict[str, Fraction | int] = {
    "second": Fraction(1, 60),
    "minute": 1,
    "hour": 60,
    "day": 1440,
    "week": 10_080,
    "fortnight": 20_160,
}
_MONTHS_LONG = {
    "month": ("months", "monthly", "monat", "monate", "monaten", "mois", "mes", "meses", "månad", "månader"),
    "quarter-year": (),
    "year": (
        "years",
        "yearly",
        "annually",
        "annual",
        "annum",
        "yr",
        "yrs",
        "jahr",
        "jahre",
        "jahren",
        "année",
        "années",
        "año",
        "años",
        "år",
    ),
    "decade": ("decades",),
}
_MONTH_COUNTS = {"month": 1, "quarter-year": 3, "year": 12, "decade": 120}
DURATIONS: dict[str, tuple[str, Fraction]] = {}
for _name, _forms in _MINUTES.items():
    DURATIONS |= {form: ("minutes", Fraction(_LENGTHS[_name])) for form in (_name, *_forms)}
for _name, _forms in _MONTHS_LONG.items():
    DURATIONS |= {form: ("months", Fraction(_MONTH_COUNTS[_name])) for form in (_name, *_forms)}

# Right behind a number: 10s, 24h.
GLUED_DURATIONS = {"s": "second", "h": "hour", "d": "day"}
PERCENT = frozenset({"%", "percent", "pct", "prozent", "procent", "percentage"})
CURRENCIES = {
    "£": "£", "gbp": "£", "pound": "£", "pounds": "£", "quid": "£", "sterling": "£",
    "$": "$", "usd": "$", "dollar": "$", "dollars": "$", "bucks": "$",
    "€": "€", "eur": "€", "euro": "€", "euros": "€",
    "¥": "¥", "jpy": "¥", "yen": "¥", "円": "¥", "₹": "₹", "inr": "₹", "rupee": "₹", "rupees": "₹",
    "chf": "chf", "franken": "chf", "francs": "chf", "sek": "kr", "nok": "kr", "dkk": "kr", "kr": "kr", "kronor": "kr",
    "aud": "aud", "cad": "cad", "pln": "pln", "zł": "pln", "cny": "cny", "元": "cny",
}  # fmt: skip
# A currency and how many of it are meant: 10 MSEK; and what may stand behind an amount: £1.5m.
LARGE_CURRENCIES = {
    **dict.fromkeys(("msek", "mkr", "mnok", "mdkk"), ("kr", 1_000_000)),
    **dict.fromkeys(("ksek", "tsek", "tkr"), ("kr", 1_000)),
    **dict.fromkeys(("meur", "mio€"), ("€", 1_000_000)),
    "keur": ("€", 1_000),
    "teur": ("€", 1_000),
}
BEHIND_AMOUNTS = {"m": 1_000_000, "mn": 1_000_000, "bn": 1_000_000_000}
CENTS = {"p": "£", "pence": "£", "penny": "£", "cent": "*", "cents": "*"}
_MEASURES = {
    "kg": "kilo kilos kilogram kilograms kilogramme kilogrammes kgs",
    "g": "gram grams gramme grammes",
    "lb": "lbs",
    "km": "kilometre kilometres kilometer kilometers kms",
    "m": "metre metres meter meters",
    "cm": "centimetre centimetres centimeter centimeters",
    "mm": "millimetre millimetres millimeter millimeters",
    "mile": "miles mi",
    "ft": "foot feet",
    "inch": "inches in",
    "l": "litre litres liter liters",
    "ml": "millilitre millilitres milliliter milliliters",
    "w": "watt watts",
    "kw": "kilowatt kilowatts",
    "wh": "watt-hour watt-hours",
    "kwh": "kilowatt-hour kilowatt-hours",
    "v": "volt volts",
    "ah": "amp-hour amp-hours",
    "nm": "",
    "bar": "bars",
    "psi": "",
    "mph": "",
    "km/h": "kph kmh",
    "°c": "celsius",
    "°f": "fahrenheit",
    "°": "degree degrees",
    "kb": "kilobyte kilobytes",
    "mb": "megabyte megabytes",
    "gb": "gigabyte gigabytes",
    "tb": "terabyte terabytes",
    "mbit/s": "mbps",
}
# "in", "m", "w" and the like are units right after a number only where they are written as one word with it.
GLUED_ONLY = frozenset({"in", "g", "m", "l", "w", "v", "p", "k"})
# With an article they are one: up to a metre.
_ARTICLED = "metre meter kilometre kilometer mile kilo kilogram kilogramme litre liter"
ARTICLED = frozenset(_ARTICLED.split())
MEASURES = {form: unit for unit, forms in _MEASURES.items() for form in (unit, *forms.split())}

SHORT_UNITS = frozenset({"g", "m", "l", "w", "v"})
# What is measured in several units: 90 cm are 0.9 m.
SCALES = {
    "mm": ("m", Fraction(1, 1000)),
    "cm": ("m", Fraction(1, 100)),
    "km": ("m", Fraction(1000)),
    "g": ("kg", Fraction(1, 1000)),
    "ml": ("l", Fraction(1, 1000)),
    "kw": ("w", Fraction(1000)),
    "kwh": ("wh", Fraction(1000)),
    "mb": ("gb", Fraction(1, 1000)),
    "tb": ("gb", Fraction(1000)),
}

_MONTH_NAMES = (
    "january jan januar janvier enero januari gennaio",
    "february feb februar février febrero februari febbraio",
    "march mar märz mars marzo",
    "april apr avril abril aprile",
    "may mai mayo maj maggio",
    "june jun juni juin junio giugno",
    "july jul juli juillet julio luglio",
    "august aug août agosto augusti",
    "september sep sept septembre septiembre settembre",
    "october oct oktober octobre octubre ottobre okt",
    "november nov novembre noviembre",
    "december dec dezember décembre diciembre dicembre dez",
)
MONTHS = {form: n for n, forms in enumerate(_MONTH_NAMES, start=1) for form in forms.split()}
# Months that are ordinary words too: names only with a capital, and beside a number.
DOUBTFUL_MONTHS = frozenset(
    ["may", "march", "mar", "mars", "jan", "mai", "maj", "dec", "sep", "nov", "oct", "apr", "aug"]
)
_DAY_NAMES = ("monday mon", "tuesday tue tues", "wednesday wed", "thursday thu thur thurs", "friday fri")
DAYS = {
    form: n
    for n, forms in enumerate((*_DAY_NAMES, "saturday sat", "sunday sun"))
    for name in forms.split()
    for form in (name, f"{name}s")
}
DOUBTFUL_DAYS = frozenset({"sat", "sun", "wed", "mon", "mons", "suns", "sats", "weds"})
NAMED_TIMES = {"noon": 720, "midday": 720, "midnight": 0}
BEFORE_NOON, AFTER_NOON = frozenset({"am", "a.m", "a.m."}), frozenset({"pm", "p.m", "p.m."})
O_CLOCK = frozenset({"o'clock", "oclock", "uhr"})
ARTICLES = frozenset({"a", "an", "per", "each", "every", "one"})
# What makes years an age.
AGES = frozenset({("or", "older"), ("or", "over"), ("and", "over"), ("and", "older"), ("of", "age")})
# Things that are counted when an answer counts what its source lists.
COUNTED = frozenset(
    [
        "ways",
        "way",
        "options",
        "option",
        "steps",
        "step",
        "things",
        "possibilities",
        "methods",
        "choices",
        "kinds",
        "types",
    ]
)
# Never facts of their own, though they are written with a capital.
PRONOUNS = frozenset({"i", "i'm", "i'll", "i've", "i'd", "ok", "faq", "faqs", "q", "a"})
