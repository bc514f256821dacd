"""Numbers, halves and days in the words of other languages than English; what is an English word too is left out."""

import re
from fractions import Fraction

_UNITS = """
ein zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn
neunzehn
"""
_GERMAN_TENS = "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig"
_GERMAN = {word: n for n, word in enumerate(_UNITS.split(), start=1)} | {
    word: 10 * n for n, word in enumerate(_GERMAN_TENS.split(), start=2)
}
_SMALL = {
    "fr": "deux trois quatre cinq _ _ huit neuf dix onze douze treize quatorze quinze seize",
    "es": "dos tres cuatro cinco seis siete ocho nueve diez _ doce trece catorce quince dieciséis",
    "it": "due _ quattro cinque _ sette otto nove dieci undici dodici tredici quattordici quindici sedici",
    "nl": "twee drie vier vijf zes zeven _ negen tien _ twaalf dertien veertien vijftien zestien",
    "sv": "två tre fyra _ _ sju åtta nio tio elva tolv tretton fjorton femton sexton",
    "pt": "dois três quatro cinco seis sete oito nove dez onze doze treze catorze quinze dezesseis",
}
_TENS = {
    "fr": "vingt trente quarante cinquante soixante",
    "es": "veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa",
    "it": "venti trenta quaranta cinquanta sessanta settanta ottanta novanta",
    "nl": "twintig dertig veertig vijftig zestig zeventig tachtig negentig",
    "sv": "tjugo trettio fyrtio femtio sextio sjuttio åttio nittio",
    "pt": "vinte trinta quarenta cinquenta sessenta setenta oitenta noventa",
}
_NUMBERS: dict[str, int] = {"zwo": 2, "anderthalb": 0, "ciento": 100, "cento": 100, "honderd": 100, "hundra": 100}
for _words in _SMALL.values():
    _NUMBERS |= {word: n for n, word in enumerate(_words.split(), start=2) if word != "_"}
for _words in _TENS.values():
    _NUMBERS |= {word: 10 * n for n, word in enumerate(_words.split(), start=2)}
_COMPOUND = re.compile(r"(?:(?P<hundreds>[a-zäöüß]*)hundert)?(?:(?P<unit>[a-zäöüß]+)und)?(?P<rest>[a-zäöüß]*)")
LONGEST = 40

_ONE = "ein eine einen einem einer eines un une uno una en ett een um uma"
ONE = frozenset(_ONE.split())
_HALF = "halb halbe halben halber halbes demi demie medio media mezzo mezza halve"
HALVES = {
    **dict.fromkeys(_HALF.split(), Fraction(1, 2)),
    "viertel": Fraction(1, 4),
    "dreiviertel": Fraction(3, 4),
}
_DAYS = (
    "montag montags lundi lunes lunedì maandag måndag segunda-feira",
    "dienstag dienstags mardi martes martedì dinsdag tisdag",
    "mittwoch mittwochs mercredi miércoles mercoledì woensdag onsdag",
    "donnerstag donnerstags jeudi jueves giovedì donderdag torsdag",
    "freitag freitags vendredi viernes venerdì vrijdag fredag",
    "samstag samstags sonnabend samedi sábado sabato zaterdag lördag",
    "sonntag sonntags dimanche domingo domenica zondag söndag",
)
DAYS = {word: n for n, words in enumerate(_DAYS) for word in words.split()}
HOLIDAYS = {"heiligabend": (12, 24), "silvester": (12, 31), "neujahr": (1, 1), "nochebuena": (12, 24)}
RANGES = frozenset({"au", "à", "al", "a", "hasta", "jusqu'à", "tot", "till", "até"})
PER_CENT = {"per": "cent", "pour": "cent", "por": "ciento"}
STREETS = ("straße", "strasse", "weg", "platz", "allee", "gasse")


def other_number(word: str) -> Fraction | None:
    """Return what a casefolded number word of another language comes to; None for every other word."""
    if word in _NUMBERS:
        return Fraction(_NUMBERS[word]) if word != "anderthalb" else Fraction(3, 2)
    if len(word) > LONGEST or not word.isalpha():
        return None
    if word.endswith("einhalb") and (whole := _german(word.removesuffix("einhalb") or "ein")) is not None:
        return Fraction(whole) + Fraction(1, 2)
    whole = _german(word.replace("ss", "ß") if word.endswith("dreissig") else word)
    return None if whole is None else Fraction(whole)


def _german(word: str) -> int | None:
    """einundzwanzig, zweihundertfünfzig, dreitausend."""
    if word in _GERMAN:
        return None if word == "ein" else _GERMAN[word]
    thousands, said, rest = word.partition("tausend")
    if said:
        whole, more = _GERMAN.get(thousands or "ein") or _german(thousands), _german_or_zero(rest)
        return None if whole is None or more is None else 1000 * whole + more
    match = _COMPOUND.fullmatch(word)
    if match is None or ("hundert" not in word and match["unit"] is None):
        return None
    hundreds = _GERMAN.get(match["hundreds"] or "ein", 0) if "hundert" in word else 0
    unit = _GERMAN.get(match["unit"], 0) if match["unit"] else 0
    rest_value = _GERMAN.get(match["rest"], 0) if match["rest"] else 0
    known = (not match["unit"] or unit) and (not match["rest"] or rest_value) and (hundreds or "hundert" not in word)
    return 100 * hundreds + unit + rest_value if known else None


def _german_or_zero(word: str) -> int | None:
    return _GERMAN.get(word) or _german(word) if word else 0
