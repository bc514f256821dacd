"""The guard in German and French: facts in words, days and times as they are said, and nouns that are no names."""

import pytest

from chatbot.grounding import Guard, UnsupportedFactError
from chatbot.grounding.languages import other_number

GERMAN = [
    (
        "Was kostet der Versand?\nInnerhalb Deutschlands kostet der Standardversand **4,95 €**, ab **50 €** "
        "Bestellwert ist er kostenlos. Express kostet 9,90 € und kommt am nächsten Werktag, wenn Sie bis 14 "
        "Uhr bestellen."
    ),
    (
        "Wann haben Sie geöffnet?\nMontag bis Freitag von 9 bis 18 Uhr, samstags von 10 bis 14 Uhr. Am 24. "
        "Dezember schließen wir um 12 Uhr. Rufen Sie uns an: 030 1234567."
    ),
    (
        "Wie lange kann ich zurückgeben?\nSie haben **30 Tage** ab Erhalt. Rücksendungen schicken Sie an: "
        "Radhaus Müller, Hauptstraße 12, 10115 Berlin. Das Geld ist nach 3 bis 5 Werktagen auf dem Konto."
    ),
]
GERMAN_QUESTION = "Was kostet der Versand und wann haben Sie geöffnet?"
GERMAN_TRUE = [
    "Der Versand kostet 4,95 Euro und ist ab 50 Euro kostenlos [1].",
    "Expressversand kostet 9,90€ und kommt am nächsten Werktag, sofern Sie vor 14:00 Uhr bestellen.",
    "Wir haben montags bis freitags von 9:00 bis 18:00 Uhr geöffnet, am Samstag von 10 bis 14 Uhr.",
    "An Heiligabend, dem 24.12., schließen wir mittags um 12 Uhr.",
    "Sie können innerhalb von dreißig Tagen zurückgeben.",
    "Bitte senden Sie alles an Radhaus Müller, Hauptstraße 12 in 10115 Berlin.",
    "Das Geld erhalten Sie nach drei bis fünf Werktagen.",
    "Telefonisch erreichen Sie uns unter +49 30 1234567.",
    "Kostenlos ab einem Bestellwert von 50 €.",
    "Ja, gerne! Der Standardversand innerhalb Deutschlands kostet 4,95 €.",
    "Am Dienstag haben wir von 9 bis 18 Uhr geöffnet.",
]
GERMAN_FALSE = [
    "Der Versand kostet 5,95 Euro.",
    "Der Versand kostet fünf Euro.",
    "Ab 60 € ist er kostenlos.",
    "Express kommt bis 15 Uhr.",
    "Wir haben bis 19 Uhr geöffnet.",
    "Wir haben sonntags geöffnet.",
    "Am 31. Dezember schließen wir.",
    "Rufen Sie 030 7654321 an.",
    "Sie haben 14 Tage.",
    "Sie haben zwei Wochen.",
    "Sie haben einen Monat.",
    "Schicken Sie es an Hauptstraße 14.",
    "Die Postleitzahl ist 10117.",
    "Das Geld kommt nach 2 Werktagen.",
    "Fragen Sie Herrn Schmidt.",
    "Fragen Sie Frau Meier-Vogt.",
    "Wir liefern mit DHL.",
    "Schreiben Sie an info@radhaus.de.",
    "Siehe www.radhaus-mueller.de.",
    "Sie sparen 20 %.",
    "Sie sparen zwanzig Prozent.",
    "Nutzen Sie den Code SOMMER10.",
    "Das dauert eine halbe Stunde.",
    "Das dauert anderthalb Stunden.",
    "Die Garantie beträgt zwei Jahre.",
    "Version 4.2 ist nötig.",
    "Es sind hundert Räder da.",
    "Im Jahr 2019 gegründet.",
    "Seit dem 1. April 2020.",
    "Um halb zehn öffnen wir.",
    "Am Montag um acht Uhr.",
]
FRENCH = [
    (
        "Quels sont vos horaires ?\nNous sommes ouverts du lundi au vendredi de 9 h à 18 h, et le samedi de "
        "10 h à 14 h 30. La livraison coûte **4,95 €** et est gratuite à partir de 50 €. Vous avez 30 jours "
        "pour retourner un article. Téléphone : 01 23 45 67 89."
    ),
]
FRENCH_QUESTION = "Quels sont vos horaires et combien coûte la livraison ?"
FRENCH_TRUE = [
    "Nous sommes ouverts du lundi au vendredi, de 9h à 18h [1].",
    "Le samedi, nous ouvrons de 10 h à 14h30.",
    "La livraison coûte 4,95 euros, gratuite dès 50 euros.",
    "Vous disposez de trente jours pour le retour.",
    "Appelez le +33 1 23 45 67 89.",
    "Oui, le mardi nous sommes ouverts.",
]
FRENCH_FALSE = [
    "Nous ouvrons à 8 h.",
    "La livraison coûte 5 €.",
    "La livraison coûte six euros.",
    "Vous avez quinze jours.",
    "Vous avez 14 jours.",
    "Appelez le 01 99 99 99 99.",
    "Nous sommes ouverts le dimanche.",
    "Contactez Monsieur Dupont.",
    "Nous livrons par Chronopost.",
    "Écrivez à info@velo.fr.",
    "C'est 20 % moins cher.",
    "C'est vingt pour cent moins cher.",
    "Depuis le 3 mai 2019.",
    "Cela prend deux semaines.",
    "Cela prend une demi-heure.",
]


def stopped_at(sources: list[str], question: str, answer: str) -> str:
    guard = Guard(sources, question, cited={1})
    try:
        for word in answer.split(" "):
            guard.feed(f"{word} ")
        guard.finish()
    except UnsupportedFactError as error:
        return error.fact
    return ""


@pytest.mark.parametrize("answer", GERMAN_TRUE)
def test_what_is_true_is_said_in_german(answer: str) -> None:
    assert stopped_at(GERMAN, GERMAN_QUESTION, answer) == ""


@pytest.mark.parametrize("answer", GERMAN_FALSE)
def test_what_is_not_said_is_stopped_in_german(answer: str) -> None:
    assert stopped_at(GERMAN, GERMAN_QUESTION, answer)


@pytest.mark.parametrize("answer", FRENCH_TRUE)
def test_what_is_true_is_said_in_french(answer: str) -> None:
    assert stopped_at(FRENCH, FRENCH_QUESTION, answer) == ""


@pytest.mark.parametrize("answer", FRENCH_FALSE)
def test_what_is_not_said_is_stopped_in_french(answer: str) -> None:
    assert stopped_at(FRENCH, FRENCH_QUESTION, answer)


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("drei", 3), ("einundzwanzig", 21), ("dreissig", 30), ("zweihundertfünfzig", 250), ("tausend", 1_000),
        ("dreitausendzwölf", 3_012), ("anderthalb", 1.5), ("zweieinhalb", 2.5), ("quinze", 15), ("treinta", 30),
        ("hund", None), ("gesund", None), ("wunder", None), ("hundertprozentig", None), ("once", None), ("six", None),
    ],
)  # fmt: skip
def test_number_words_of_other_languages(word: str, value: float | None) -> None:
    assert other_number(word) == value
