"""Websites that may show an assistant: how they are written, and which of them an origin is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.origins import OriginError, allows, origin_of, parse_origin, parse_origins


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("https://www.example.com", "https://www.example.com"),
        ("www.example.com", "https://www.example.com"),
        ("HTTPS://WWW.Example.COM/", "https://www.example.com"),
        ("https://example.com:443", "https://example.com"),
        ("http://example.com:80", "http://example.com"),
        ("https://example.com:8443", "https://example.com:8443"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("https://*.bücher.example", "https://*.xn--bcher-kva.example"),
        ("https://例え.jp", "https://xn--r8jz45g.jp"),
        ("*.example.com", "https://*.example.com"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
        ("http://[::1]:3000", "http://[::1]:3000"),
    ],
)
def test_an_origin_is_taken_as_a_browser_names_it(written: str, meant: str) -> None:
    assert parse_origin(written) == meant
    assert parse_origin(meant) == meant


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("*", "any website"),
        ("https://*", "any website"),
        ("null", "everybody could"),
        ("https://*.com", "too much"),
        ("https://*.127.0.0.1", "too much"),
        ("https://www.*.com", "only as the first part"),
        ("https://example.com/shop", "has a path"),
        ("https://example.com?x", "has a path"),
        ("javascript:alert(1)", "no website"),
        ("ftp://example.com", "Only https"),
        ("file:///etc", "Only https"),
        ("https://user:secret@example.com", "no website"),
        ("https://a.example b.example", "no website"),
        ("https://a.example; script-src *", "no website"),
        ("https://a.example,https://b.example", "no website"),
        ("https://", "no website"),
        ("https://example.com:", "port"),
        ("https://example.com:99999", "no website"),
        ("https://-.example", "no proper host name"),
    ],
)
def test_what_is_no_origin_is_refused_with_a_reason(written: str, why: str) -> None:
    with pytest.raises(OriginError, match=why):
        parse_origin(written)


def test_a_list_has_one_a_line_and_each_once() -> None:
    assert parse_origins("https://a.example\n\n a.example \nhttp://a.example") == [
        "https://a.example",
        "http://a.example",
    ]
    with pytest.raises(OriginError, match="use a wildcard"):
        parse_origins("\n".join(f"https://{n}.example" for n in range(51)))


@pytest.mark.parametrize(
    ("origin", "is_allowed"),
    [
        ("https://www.example.com", True),
        ("https://a.b.example.com", True),
        ("https://example.com", False),
        ("https://evilexample.com", False),
        ("https://example.com.evil.example", False),
        ("http://www.example.com", False),
        ("https://www.example.com:8443", False),
        ("https://.example.com", False),
    ],
)
def test_a_wildcard_covers_what_is_below_and_nothing_else(origin: str, is_allowed: bool) -> None:
    assert allows(["https://*.example.com"], origin) == is_allowed


def test_without_a_list_nobody_is_allowed() -> None:
    assert not allows([], "https://example.com")


@pytest.mark.parametrize(
    "address", ["null", "", "about:blank", "https://*.example.com", "data:text/html,x", "https://["]
)
def test_what_has_no_origin_has_none(address: str) -> None:
    assert origin_of(address) is None


@given(st.text(max_size=60))
def test_no_text_breaks_the_reading_and_what_passes_stands_for_itself(text: str) -> None:
    try:
        origin = parse_origin(text)
    except OriginError:
        return
    assert parse_origin(origin) == origin
    assert not set(origin) & set(" ;,'\"\n")
