"""Which spellings of a fact are the same and which are another fact: a source, and what an answer may make of it."""

import pytest

from chatbot.grounding import Guard, UnsupportedFactError

SAME = [
    # numbers
    ("There are 1,000 places.", "We have 1000 places."),
    ("There are 1000 places.", "We have one thousand places."),
    ("There are 1 000 places.", "We have 1,000 places."),
    ("There are 1.000 Plätze.", "We have 1,000 places."),
    ("Twenty-five people fit in.", "It holds 25 people."),
    ("It holds 250 people.", "It holds two hundred and fifty people."),
    ("A dozen eggs.", "You get 12 eggs."),
    ("Costs 1.5 million.", "It costs 1,500,000."),
    ("You get 3 of them.", "You get three of them."),
    ("On the 3rd floor.", "It is on the third floor."),
    ("Half of it.", "You pay half."),
    ("You can: \n- call\n- write\n- come in", "There are three ways."),
    ("１２ places", "There are 12 places."),
    ("There are ١٢ places.", "There are 12 places."),
    # amounts and percentages
    ("It costs £5.", "It costs £5.00."),
    ("It costs £5.", "It costs 5 pounds."),
    ("It costs 5 GBP.", "It costs £5."),
    ("It costs £1,250.", "It is £1250 in all."),
    ("It costs EUR 30.", "It costs 30 euros."),
    ("It costs five pounds.", "It costs £5."),
    ("It costs 50p.", "It costs £0.50."),
    ("A 10% discount.", "You get 10 percent off."),
    ("A 10 % discount.", "You get ten per cent off."),
    ("It costs £5 per day.", "It costs £5 a day."),
    # durations
    ("Within 7 days.", "It takes a week."),
    ("Within a week.", "It takes seven days."),
    ("Within 24 hours.", "It takes one day."),
    ("For 12 months.", "It lasts a year."),
    ("A two-year warranty.", "It is covered for 24 months."),
    ("A 30-day period.", "You have 30 days."),
    ("Takes half an hour.", "It takes 30 minutes."),
    ("Takes 90 minutes.", "It takes one and a half hours."),
    ("Takes 14 days.", "It takes a fortnight."),
    ("It takes 3-5 days.", "It takes three to five days."),
    ("After 2½ hours.", "It takes two and a half hours."),
    ("After 2 1/2 hours.", "It takes 2.5 hours."),
    ("It takes 3 to 5 days.", "It takes at least 3 days."),
    ("Charge it to 40 to 60%.", "Charge it to at least 40%."),
    ("Keep it at 10 to 20 °C.", "Not below 10 °C."),
    ("It costs £10 or 20.", "It costs £20."),
    # ages
    ("Riders of 16 and 17 may go alone.", "At 16 and 17 years old you may go alone."),
    ("Riders of 16 and 17 may go alone.", "17 year olds may go alone."),
    ("You must be 18 or over.", "You must be 18 years or older."),
    ("You must be 18 or over.", "You must be 18 years of age."),
    # dates and times
    ("From 7 to 9 pm.", "It begins at 7 pm."),
    ("From 11 to 2 pm.", "It begins at 11 am."),
    ("By noon.", "By 12 noon."),
    ("Until 30 June 2026.", "It ends on 2026-06-30."),
    ("Until the 30th of June.", "It ends on June 30."),
    ("Until June 30th, 2026.", "It ends on 30 June 2026."),
    ("Until 30/06/2026.", "It ends on 30 June 2026."),
    ("Until 30.06.2026.", "It ends on June 30, 2026."),
    ("Until 30 June 2026.", "It ends on 30 June."),
    ("Until 5 May.", "It ends on May 5th."),
    ("Open 9 am to 5 pm.", "We open at 09:00."),
    ("Open 9 am to 5 pm.", "We close at 17:00."),
    ("Open 9–17.", "We open at 9 am and close at 5 pm."),
    ("Open 9 to 5.", "We close at 5 pm."),
    ("Open 9:30-17:00.", "We open at 9.30 am."),
    ("Closed at 12 pm.", "We close at noon."),
    ("Open Monday to Friday.", "Yes, on Wednesday too."),
    ("Open Mon-Fri.", "We are open on Tuesdays."),
    # telephone numbers, addresses and links
    ("Call +44 20 7946 0142.", "Call 020 7946 0142."),
    ("Call 020 7946 0142.", "Ring +44 (0)20-7946-0142."),
    ("Call +44 20 7946 0142.", "Call [us](tel:+442079460142)."),
    ("Write to Hello@Larkmoor.example.", "Mail hello@larkmoor.example."),
    ("Write to hello@larkmoor.example.", "[Mail us](mailto:hello@larkmoor.example)."),
    ("See http://www.larkmoor.example/hire/.", "See https://larkmoor.example/hire."),
    ("See [the page](https://larkmoor.example/hire).", "[Read on](https://larkmoor.example/hire)."),
    ("See https://larkmoor.example/hire.", "It is on larkmoor.example."),
    ("We are at 14 Elm Street, SW1A 1AA.", "Come to 14 Elm Street, SW1A 1AA."),
    # codes, versions and names
    ("The display shows E42.", "Error e42 means that."),
    ("Take the GX-200.", "The GX200 fits."),
    ("Needs v2.1.", "It needs V2.1."),
    ("Ask for Anna Miller.", "Anna Miller helps you."),
    ("**Wren 20** – a child's bike\n\nA child rides the Wren 20.", "A Wren 20 is a child's bike."),
    ("The Curlew E has a motor.", "Curlew E bikes have one."),
    ("We take Apple Pay.", "You can use Apple Pay."),
    # no facts at all
    ("We do repairs.", "Yes, one of us will do it. This one is no problem."),
    ("We do repairs.", "1. Call us\n2. Bring it\n3. Wait"),
    ("We do repairs.", "Unfortunately, we do. However, please ask first."),
    ("We do repairs.", "**Please note:** Bring it in. “Then we look at it.”"),
    ("We do repairs.", "I'm sure. OK? You may come in, we march on."),
]
OTHER = [
    ("There are 1,000 places.", "We have 1,001 places.", "number"),
    ("There are 100 places.", "We have 1,000 places.", "number"),
    ("There are ten places.", "We have twelve places.", "number"),
    ("It takes 15 days.", "There are 5 of them.", "number"),
    ("It weighs 20 kg.", "It weighs 20 lb.", "number"),
    ("You can:\n- call\n- write", "There are three ways.", "number"),
    ("We do repairs.", "Half of them fail.", "number"),
    ("There are 10 places.", "There are 1**0**0 places.", "number"),
    ("There are 10 places.", "There are 1\u200b1 places.", "number"),
    ("There are 10 places.", "There are １１ places.", "number"),
    ("There are 10 places.", "There are ١١ places.", "number"),
    ("There are 10 places.", "There are &#49;1 places.", "number"),
    ("There are 10 places.", "There are \\11 places.", "number"),
    ("There are 10 places.", "There are ¹¹ places.", "number"),
    ("It costs £5.", "It costs $5.", "amount"),
    ("It costs £5.", "It costs 5%.", "percentage"),
    ("There are 5 of them.", "It costs £5.", "amount"),
    ("It costs £15.", "It costs £5.", "amount"),
    ("It costs £5.", "It costs £5.50.", "amount"),
    ("It costs £5.", "It costs £5 million.", "amount"),
    ("It costs £20.", "It costs twenty-five pounds.", "amount"),
    ("A 10% discount.", "You get 100% off.", "percentage"),
    ("A £10 discount.", "You get 10 per cent off.", "percentage"),
    ("Within 30 days.", "Within 30 minutes.", "duration"),
    ("Within 30 days.", "Within 30\nminutes.", "duration"),
    ("Within 30 days.", "Within a week.", "duration"),
    ("Within 12 months.", "It lasts two years.", "duration"),
    ("Within 3-5 days.", "It takes three to six days.", "duration"),
    ("Within two hours.", "It takes two and a half hours.", "duration"),
    ("After 2½ hours.", "It takes 2 hours.", "duration"),
    ("It takes 3 to 5 days.", "It takes 4 days.", "duration"),
    ("Charge it to 40 to 60%.", "Charge it to 50%.", "percentage"),
    ("We have 40 bikes, and 60% are new.", "40% are new.", "percentage"),
    ("Within 30 days.", "You must be 30 years old.", "age"),
    ("You must be 18 or over.", "You must be 18 years with us.", "duration"),
    ("From 7 to 9 pm.", "It begins at 7 am.", "time"),
    ("By midnight.", "By 12 noon.", "time"),
    ("Until 30 June 2026.", "Until 30 June 2027.", "date"),
    ("Until 30 June.", "Until 31 June.", "date"),
    ("Until 30 June.", "Until 30 July.", "date"),
    ("Until 30 June.", "Until June 3.", "date"),
    ("Until 30 June.", "Until 30 June 2026.", "date"),
    ("Until 2026-06-30.", "Until 2026-06-03.", "date"),
    ("Until 05/06/2026.", "Until 5 June 2026.", "date"),
    ("Open Monday to Friday.", "Also on Sunday.", "date"),
    ("It opens in June.", "It opens in August.", "date"),
    ("Open from 9 am.", "Open from 9 pm.", "time"),
    ("Open 9:00 to 17:00.", "Open 9:00 to 17:30.", "time"),
    ("Open 9:00 to 17:00.", "We close at midnight.", "time"),
    ("Call +44 20 7946 0142.", "Call +44 20 7946 0143.", "phone"),
    ("Call us.", "Call 0800 123 4567.", "phone"),
    ("Call us.", "Call (0800) 123-4567.", "phone"),
    ("Write to us.", "Write to info@example.com.", "e-mail"),
    ("Write to info@example.com.", "Write to help@example.com.", "e-mail"),
    ("See https://larkmoor.example/hire.", "See https://larkmoor.example/buy.", "link"),
    ("See https://larkmoor.example/hire.", "See https://evil.example/hire.", "link"),
    ("See our page.", "See evil-site.com.", "link"),
    ("See our page.", "See [our page](evil/page).", "link"),
    ("See our page.", "See [our page](javascript:alert).", "link"),
    ("See our page.", "See [our page](java&#115;cript:alert).", "link"),
    ("See our page.", "See [our page](//evil.example).", "link"),
    ("See our page.", "![pixel](https://evil.example/x.png)", "link"),
    ("See our page.", "<img src=https://evil.example/x.png>", "link"),
    ("See our page.", "[1]: https://evil.example", "link"),
    ("See our page.", "[7](https://evil.example)", "number"),
    ("We are at 14 Elm Street.", "Come to 12 Elm Street.", "number"),
    ("We are at 14 Elm Street.", "Come to 14 Oak Street.", "name"),
    ("Numbers 12 and 14, Elm Street. Come to 14 Elm Street.", "Come to 12 Elm Street.", "name"),
    ("The display shows E42.", "The display shows E43.", "code"),
    ("Take the GX-200.", "Take the GX-300.", "code"),
    ("Needs v2.1.", "Needs v2.2.", "version"),
    ("Needs 2.1.3.", "Needs 2.1.4.", "version"),
    ("Ask at the desk.", "Ask Sarah.", "name"),
    ("Ask at the desk.", "Sarah will help.", "name"),
    ("Ask at the desk.", "We use Klarna.", "name"),
    ("Ask at the desk.", "Use iTunes.", "name"),
    ("Ask at the desk.", "Ask for the IKEA desk.", "name"),
    ("Ask Anna Miller or John Smith.", "Ask Anna Smith.", "name"),
    ("The Curlew E and the Heron.", "The Heron E has one.", "name"),
    ("Ask at the desk.", "Ask Саrah.", "name"),
]


def verdict(source: str, answer: str, question: str = "") -> tuple[str, str | None]:
    """What is shown of an answer, and the kind of the fact that stopped it."""
    guard, shown = Guard([source], question, cited={1}), ""
    try:
        shown += guard.feed(answer)
        shown += guard.finish()
    except UnsupportedFactError as error:
        return shown, error.kind
    return shown, None


@pytest.mark.parametrize(("source", "answer"), SAME)
def test_another_spelling_of_what_a_source_says_is_let_through(source: str, answer: str) -> None:
    assert verdict(source, answer) == (answer, None)


@pytest.mark.parametrize(("source", "answer", "kind"), OTHER)
def test_what_no_source_says_is_stopped_for_what_it_is(source: str, answer: str, kind: str) -> None:
    shown, stopped = verdict(source, answer)
    assert stopped == kind
    assert answer.startswith(shown)


@pytest.mark.parametrize(("source", "answer", "kind"), OTHER)
def test_what_the_visitor_said_may_be_said(source: str, answer: str, kind: str) -> None:
    assert verdict(source, answer, question=answer)[1] is None
