"""Facts without a figure, and figures that mean something only with the word beside them: said, or stopped."""

import pytest

from chatbot.grounding import Guard, UnsupportedFactError

SAID = [
    ("3 to 5 working days", "three to five business days"),
    ("within 5 working days", "It takes 5 working days."),
    ("10 calendar days", "It takes 10 days."),
    ("between £10 and £20", "It is £10 to 20."),
    ("a range of 10 to 20 km", "It does 10 to 20 kilometres."),
    ("A tenner a day.", "It is £10."),
    ("It costs £10.", "It is a tenner."),
    ("2 days", "It takes a couple of days."),
    ("It has version 2 of the app.", "You need version two."),
    ("Sizes: 48 to 62", "There is a size 48."),
    ("Reply by 15 June.", "Reply by the 15th."),
    ("1. ask\n2. pay\n3. go", "The third step is to go."),
    ("Come next week.", "Come next week, please."),
    ("We close in winter.", "In winter we close."),
    ("hundreds of bikes", "We have hundreds of them."),
    ("Up to 1 m long.", "Up to a metre is fine."),
    ("Use the code HELMET.", "The code HELMET helps."),
    ("Write to support@a.example.", "Write to support(at)a.example."),
    ("Born in Aberdeen, Washington.", "He was born in Aberdeen Washington."),
    ("It is free.", "It is FREE and NOT paid, ALWAYS."),
    ("Please check it twice.", "Please double-check it, twice."),
    ("It is 5x faster.", "It is 5x as fast."),
    ("It is free.", "You'd get it free. Aren't you glad? They've it."),
    ("Open every day.", "Open 7 days a week."),
    ("80% after 2½ hours, full after 4½", "It is full after 4.5 hours."),
    ("- **Standard:** 2 to 3 working days\n- **Express:** soon", "It takes 2-3 working days."),
    ("It runs software 3.2 or later.", "You need version 3.2."),
    ("625 Wh (Curlew E Long Range)", "It is the 625 Wh Long Range."),
    ("We close on 24 December.", "We close on Christmas Eve."),
    ("It lasts 45 minutes.", "It lasts three quarters of an hour."),
    ("You get half of it back.", "You get 50% back."),
    ("It costs £65, the other £125.", "One is £65 and a full one £125."),
    ("It helps up to 15.5 mph.", "It helps up to 15.5 miles per hour."),
    ("Paint has 2 years.", "Paintwork has two."),
    ("Open until 5:30 pm.", "It is open until half past five."),
    ("It shuts at 17:45.", "It shuts at quarter to six."),
    ("20 inch for £320 or 24 inch for £360", 'It is 20" for £320 or 24" for £360.'),
    ("Delivery outside the United Kingdom", "We deliver outside the UK."),
    ("Keep it at 10 to 20 °C.", "Keep it at twenty degrees Celsius."),
    ("Hold it for 10 seconds.", "Hold it for 10s."),
    ("There are hills.", "Hilly roads. Uncollected things. Overheating. Cheapest. Crashes."),
    ("By train or DLR: Deptford Bridge", "It is Deptford Bridge DLR."),
    ("Leave 90 cm, ideally 120 cm.", "Leave 0.9 metres, better 1.2 m."),
    ("200–300 l is enough.", "It takes 200 to 300 litres."),
    ("It has 2.5 kW.", "It has 2,500 watts."),
    ("good for 25+ more years", "It lasts 25 years."),
    ("At least 10 MSEK.", "It is 10 million SEK."),
    ("It costs £1.5m.", "It costs 1.5 million pounds."),
    ("BBR 29 (2024-2026)", "It applies from 2024 to 2026."),
    ("Turn the bar.", "Straighten the bar."),
    ("Turn the bar.", "1. Realign your bar.\n2. Unhook it."),
]
NOT_SAID = [
    ("3 to 5 working days, before 2 pm", "It takes 2 to 5 working days."),
    ("3 to 5 working days, before 2 pm", "It takes 3 to 2 working days."),
    ("within 5 working days", "It takes 5 days."),
    ("within 5 days", "It takes 5 working days."),
    ("£10 to £20, 5 shops", "It is £5 to 20."),
    ("It costs £5.", "It is a tenner."),
    ("3 days", "It takes a couple of days."),
    ("two shops", "You need version two."),
    ("3 shops", "Come to the third floor."),
    ("3 shops", "Come to the 3rd floor."),
    ("7 shops", "Take bus number 7."),
    ("Come this week.", "Come next week."),
    ("Come next week.", "It begins next year."),
    ("We close at noon.", "It starts in spring."),
    ("since 1990", "In the nineties we began."),
    ("100 bikes", "We have hundreds of bikes."),
    ("10 bikes", "We have several hundred bikes."),
    ("It is long.", "Up to a metre is fine."),
    ("Wear a helmet.", "Use the code HELMET."),
    ("Wear a helmet.", "It is SUMMER."),
    ("Write to hello@a.example.", "Write to support(at)a.example."),
    ("Write to hello@a.example.", "Write to hello at b dot example."),
    ("10 days", "You save 10 pct."),
    ("5 days", "It is 5x faster."),
    ("It is paid once.", "It is double."),
    ("The light is bright.", "It is a LED light by USB."),
    ("Delivery outside the United Kingdom", "We deliver to the EU."),
    ("Keep it at 10 to 20 °C.", "Keep it at twenty degrees Fahrenheit."),
    ("Hold it for 10 days.", "Hold it for 10s."),
    ("Leave 90 cm.", "Leave 90 metres."),
    ("Leave 90 cm.", "Leave 9 metres."),
    ("It costs £5 for adults, children pay 9.", "It is £9."),
    ("Write to hello@a.example.", "Write to support(AT)a.example."),
    ("Turn the bar.", "O'Brien your friend has it."),
    ("At least 10 MSEK.", "It is 10 SEK."),
    ("It costs £1.5m.", "It costs £1.5."),
    ("You get half of it back.", "You get 40% back."),
    ("It helps up to 15.5 miles.", "It helps up to 15.5 miles per hour."),
    ("Open until 5:30 pm.", "It is open until half past six."),
    ("It costs £5.", "It costs £5 to 20."),
    ("Open on Mondays.", "Open 7 days a week."),
    ("It is full after 4 bikes, 2 hours.", "It is full after 4 hours."),
    ("It runs software 3.2 or later.", "You need version 3.3."),
    ("We close on 24 December.", "We close on Christmas Day."),
    ("It lasts 45 minutes.", "It lasts three quarters of a day."),
    ("Turn the bar.", "Margaret has it."),
    ("Turn the bar.", "Margaret."),
    ("625 Wh (Curlew E, Heron)", "It is the Heron E."),
]


def shown(source: str, answer: str) -> tuple[str, str]:
    """What is let through of an answer that comes word by word, and the fact that stopped it."""
    guard, text = Guard([source], "", cited=()), ""
    try:
        for word in answer.split(" "):
            text += guard.feed(f"{word} ")
        return text + guard.finish(), ""
    except UnsupportedFactError as error:
        return text, error.fact


@pytest.mark.parametrize(("source", "answer"), SAID)
def test_what_a_source_says_is_shown(source: str, answer: str) -> None:
    text, stopped = shown(source, answer)
    assert (text.strip(), stopped) == (answer, "")


@pytest.mark.parametrize(("source", "answer"), NOT_SAID)
def test_what_no_source_says_is_stopped_before_it_is_shown(source: str, answer: str) -> None:
    text, stopped = shown(source, answer)
    assert stopped
    assert stopped.split()[-1] not in text


@pytest.mark.parametrize("name", ["Margaret", "Billy", "Harding", "Kimberly", "Ahmed", "Klarna", "Bosch", "Norway"])
def test_a_name_at_the_head_of_a_sentence_is_stopped(name: str) -> None:
    assert shown("It is free.", f"It is free. {name} will help you.")[1] == name


@pytest.mark.parametrize("opener", ["Absolutely", "Yeah", "Unfortunately", "Congratulations", "Hopefully", "Payable"])
def test_a_sentence_may_begin_with_an_ordinary_word(opener: str) -> None:
    text, stopped = shown("It is free.", f"{opener}, it is free.")
    assert (text.strip(), stopped) == (f"{opener}, it is free.", "")


def test_a_name_before_a_word_that_follows_verbs_is_stopped_in_one_piece_too() -> None:
    guard = Guard(["Turn the bar."], "", cited=())
    with pytest.raises(UnsupportedFactError):
        guard.feed("O'Brien your friend has it. ")
