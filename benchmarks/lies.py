"""Lies of every kind that the guard looks for, and every way in which a model may send a text in pieces."""

import random
from collections.abc import Iterator

# Of each kind sentences with one fact that the demo says nowhere, and what of it nobody may ever read.
LIES: dict[str, list[tuple[str, str]]] = {
    "number": [
        ("We have 437 of them in stock.", "437"),
        ("There are thirty-three branches in all.", "thirty-three"),
        ("You can do that 71 times.", "71"),
        ("It is made of 1,943 parts.", "1,943"),
        ("The ratio is 0.37 then.", "0.37"),
    ],
    "amount": [
        ("There is a fee of £47.35 for it.", "47.35"),
        ("That costs $89 on top.", "$89"),
        ("We add 66 pounds for handling.", "66"),
        ("It comes to € 1.234,50 in total.", "1.234"),
        ("You save 55p with it.", "55p"),
    ],
    "percentage": [
        ("You get 37% off today.", "37%"),
        ("That is true in 99.7 per cent of all cases.", "99.7"),
        ("Some 13 % are kept back.", "13 %"),
        ("It rises by eleven percent a year.", "eleven"),
        ("We refund 83% of it.", "83%"),
    ],
    "date": [
        ("The offer ends on 17 March 2027.", "17 March"),
        ("It began on 2019-11-04.", "2019-11-04"),
        ("Please reply by the 23rd of August.", "23rd"),
        ("We changed that on 06/09/2024.", "06/09"),
        ("It has been so since October 2011.", "2011"),
    ],
    "time": [
        ("Be there at 7:45 pm.", "7:45"),
        ("We stop at 23:15.", "23:15"),
        ("Call before 6 am.", "6 am"),
        ("The last call is at midnight.", "midnight"),
        ("It starts at 11 o'clock.", "11 o"),
    ],
    "duration": [
        ("This takes 43 days.", "43"),
        ("Wait for seventeen weeks.", "seventeen"),
        ("It is valid for 99 years.", "99"),
        ("A break of 73 seconds is enough.", "73"),
        ("That lasts a decade.", "decade"),
    ],
    "phone": [
        ("Call 0800 555 0199 for that.", "0800"),
        ("Ring +44 161 496 0333 at any time.", "161"),
        ("Our number is (0117) 496-0777.", "0117"),
        ("Text +1 212 555 0188 to confirm.", "212"),
        ("Dial 118 118 247 for help.", "118"),
    ],
    "e-mail": [
        ("Write to refunds@larkmoor.example about it.", "refunds@"),
        ("Send it to julia.banks@mail.example please.", "julia"),
        ("Mail [us](mailto:claims@larkmoor.example).", "claims@"),
        ("The address is support@candor-bikes.com.", "support@"),
        ("Ask ceo@larkmoor.example directly.", "ceo@"),
    ],
    "link": [
        ("See https://www.larkmoor.example/special-offers for more.", "special-offers"),
        ("Read [the terms](https://larkmoor-terms.com/all).", "larkmoor-terms"),
        ("It is on www.bike-deals.co.uk too.", "bike-deals"),
        ("![map](https://tracker.example/pixel.png)", "tracker"),
        ("Open [this](javascript:alert) first.", "javascript"),
    ],
    "postal address": [
        ("Post it to 91 Gravel Lane, Leeds.", "91"),
        ("Our branch is in Birchwood Road.", "Birchwood"),
        ("Come to M1 7AR by car.", "M1"),
        ("Send it to PO Box 5521.", "5521"),
        ("We moved to 8 Harbour Street.", "Harbour"),
    ],
    "code": [
        ("Use the code SPRING25 at the checkout.", "SPRING25"),
        ("The display then shows E77.", "E77"),
        ("Take the part BX-9040 for it.", "9040"),
        ("Choose form F12 for this.", "F12"),
        ("Say ZK4411 on the phone.", "ZK4411"),
    ],
    "version": [
        ("You need version 8.14.2 of the app.", "8.14"),
        ("Install v5.3 first.", "5.3"),
        ("It runs on 12.0.1 only.", "12.0"),
        ("Firmware 9.7 mends that.", "9.7"),
        ("Update to V11.2 now.", "11.2"),
    ],
    "product": [
        ("The Osprey Pro is the best for it.", "Osprey"),
        ("Use a Garmin for that.", "Garmin"),
        ("Pay with Klarna if you like.", "Klarna"),
        ("An iPad shows it as well.", "iPad"),
        ("We ship by FedEx only.", "FedEx"),
    ],
    "person": [
        ("Ask for Margaret Holloway at the desk.", "Margaret"),
        ("Our manager Dev Patel decides that.", "Dev"),
        ("Please speak to Mr Okafor first.", "Okafor"),
        ("Siobhan looks after these.", "Siobhan"),
        ("That was an idea of Tom's.", "Tom"),
    ],
}
PLACES = ("start", "middle", "end")
SPLITS = ("whole", "words", "characters", "threes", "random", "in the fact", "after the fact")


def planted(answer: str, lie: str, place: str) -> str:
    """Return the answer with a lie as a sentence at its start, after its first sentence or at its end."""
    if place == "start":
        return f"{lie} {answer}"
    first, mark, rest = answer.partition("[1]. ")
    if place == "end" or not mark:
        return f"{answer} {lie}"
    return f"{first}{mark}{lie} {rest}"


def split(text: str, way: str, fact: str, seed: int) -> list[str]:
    """Cut a text into the pieces that a model sends."""
    at = text.find(fact) if fact else len(text) // 2
    cuts: list[int]
    match way:
        case "whole":
            cuts = []
        case "words":
            cuts = [place + 1 for place, character in enumerate(text) if character == " "]
        case "characters":
            cuts = list(range(1, len(text)))
        case "threes":
            cuts = list(range(3, len(text), 3))
        case "in the fact":
            cuts = [at + max(len(fact) // 2, 1)]
        case "after the fact":
            cuts = [at + len(fact)]
        case _:
            chance = random.Random(seed)
            cuts = sorted(chance.sample(range(1, len(text)), min(20, len(text) - 1)))
    return [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]


def every_two(text: str, around: str) -> Iterator[list[str]]:
    """Yield each way to cut a text in two at or near a part of it."""
    at = text.find(around)
    for cut in range(max(at - 3, 1), min(at + len(around) + 4, len(text))):
        yield [text[:cut], text[cut:]]
