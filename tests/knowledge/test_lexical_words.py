"""Words of texts in many scripts."""

import time

import pytest

from knowledge.lexical.stems import forms
from knowledge.lexical.typos import neighbours
from knowledge.lexical.words import WORD_LENGTH, fold, words


def folded(text: str) -> list[str]:
    return [fold(word.form) for word in words(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("How do I pay?", "how do i pay"),
        ("Får jag äta café-crème?", "far jag ata cafecreme cafe creme"),
        ("STRASSE straße ß", "strasse strasse ss"),
        ("İSTANBUL ıssız Łódź smørrebrød", "istanbul issiz lodz smorrebrod"),
        ("e\u0301te\u0301 \u00e9t\u00e9", "ete ete"),
        ("ﬁne １２３", "fine 123"),
        ("Ελλάς", "ελλασ"),
        ("Ёлка й", "елка и"),
        ("شَحْن الطــلب", "شحن الطلب"),
        ("שָׁלוֹם", "שלום"),
        ("हिन्दी में", "हिन्दी में"),
        ("shi\u00adpping no\u200bw", "shipping no w"),
    ],
)
def test_words_are_folded_in_letters_of_every_script(text: str, expected: str) -> None:
    assert folded(text) == expected.split()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("E-4041", "e4041 e 4041"),
        ("E4041", "e4041 e 4041"),
        ("e 4041", "e 4041"),
        ("ISO-9001", "iso9001 iso 9001"),
        ("AB12/3", "ab123 ab12 ab 12 3"),
        ("3.5mm", "3.5mm 3.5 mm"),
        ("3.5 mm, 3,5", "3.5 mm 3.5"),
        ("1,000 1000", "1000 1000"),
        ("v2.1", "v2.1 v 2.1"),
        ("don't don’t", "dont don dont don"),
        ("l'adresse", "ladresse adresse"),
        ("e-mail and/or www.example.com", "email e mail and or www example com"),
        ("one.Two", "one two"),
    ],
)
def test_codes_are_kept_whole_and_in_parts(text: str, expected: str) -> None:
    assert folded(text) == expected.split()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("返品できますか", "返品 品で でき きま ます すか"),
        ("猫", "猫"),
        ("iPhoneを買う", "iphone を買 買う"),
        ("배송은 언제", "배송 송은 언제"),
        ("คืนเงิน", "คื ืน นเ เง งิ ิน"),
        ("パスワード", "パス スワ ワー ード"),
    ],
)
def test_scripts_without_spaces_become_pairs(text: str, expected: str) -> None:
    assert folded(text) == expected.split()


@pytest.mark.parametrize("text", ["", "   ", "😀🎉", "?!…", "\x00\x01", "\ud800", "---", "__"])
def test_what_has_no_letters_has_no_words(text: str) -> None:
    assert folded(text) == []


def test_a_lone_surrogate_and_control_characters_do_no_harm() -> None:
    assert folded("re\ud83dfund\x00 \x1bnow") == ["refund", "now"]


def test_words_are_given_as_they_were_typed() -> None:
    assert [word.typed for word in words("My E-4041 Café")] == ["My", "E-4041", "E", "4041", "Café"]


@pytest.mark.parametrize(
    "unit", ["a", "a-", "a1", "\u0301", "a\u0301", "漢", "1.", "1,", "'", "\u0e31", "-", "😀", "a'"]
)
def test_hostile_texts_take_linear_time_and_make_short_words(unit: str) -> None:
    started = time.process_time()
    longest = max((len(word) for word in folded(unit * (40_000 // len(unit)))), default=0)
    assert time.process_time() - started < 1.0
    assert longest <= WORD_LENGTH


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("en", "refunds", "refund"),
        ("en-GB", "cancelling", "cancelled"),
        ("sv", "frågorna", "fråga"),
        ("de", "bestellungen", "bestellung"),
        ("fr", "remboursements", "remboursement"),
        ("es", "devoluciones", "devolución"),
        ("ru", "заказы", "заказа"),
    ],
)
def test_forms_of_one_word_share_a_stem(language: str, one: str, other: str) -> None:
    assert set(forms(one, language)) & set(forms(other, language))


def test_an_unknown_language_and_a_number_keep_their_words() -> None:
    assert forms("refunds", "xx") == ("refunds",)
    assert forms("refunds", "") == ("refunds",)
    assert forms("4041", "en") == ("4041",)


def test_words_one_slip_away_are_neighbours() -> None:
    near = neighbours("refund")
    assert {"refnd", "refunds", "rfeund", "refind", "erfund"} <= near
    assert not {"refund", "tefund", "refu", "refundss"} & near
    assert len(near) < 60 * len("refund")


@pytest.mark.parametrize("word", ["abc", "e4041", "a" * 40, "返品返品"])
def test_short_long_and_mixed_words_are_not_corrected(word: str) -> None:
    assert neighbours(word) == set()
