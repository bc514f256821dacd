"""Markdown: lossless for what people write, harmless for what attackers write, the same when streamed."""

import re
import time
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from django.utils.safestring import SafeString
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.markdown import MAX_BYTES, StreamingMarkdown, excerpt, mark_citations, plain_text, render

PLAIN_TAGS = "p br hr strong em s ul li code pre blockquote h3 h4 h5 h6 table thead tbody tr"
ALLOWED = {
    **{tag: set[str]() for tag in PLAIN_TAGS.split()},
    "a": {"href", "rel"},
    "ol": {"start"},
    "td": {"align"},
    "th": {"align"},
    "div": {"class", "tabindex", "role", "aria-label"},
}
REL = "noopener noreferrer nofollow ugc"


class Auditor(HTMLParser):
    """Reads HTML as a browser would and notes every tag, attribute and address that is not on the list."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.offences: list[str] = []
        self.hrefs: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.offences += [tag] if tag not in ALLOWED else []
        for name, value in attrs:
            self.offences += [f"{tag}.{name}"] if name not in ALLOWED.get(tag, ()) else []
            if name == "href":
                self.hrefs.append(value or "")
                safe = urlsplit(value or "").scheme in {"http", "https", "mailto", "tel"}
                self.offences += [] if safe else [f"href {value}"]
        if tag == "a" and dict(attrs).get("rel") != REL:
            self.offences.append("a without rel")

    def handle_comment(self, data: str) -> None:
        self.offences.append(f"comment {data}")

    def handle_decl(self, decl: str) -> None:
        self.offences.append(f"declaration {decl}")

    def unknown_decl(self, data: str) -> None:
        self.offences.append(f"declaration {data}")

    def handle_pi(self, data: str) -> None:
        self.offences.append(f"instruction {data}")


def audit(html: str) -> Auditor:
    auditor = Auditor()
    auditor.feed(html)
    auditor.close()
    return auditor


ATTACKS = [
    # raw HTML
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "text <script>alert(1)</script> text",
    "```\n<script>alert(1)</script>\n```",
    "`<script>alert(1)</script>`",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    '<svg><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>',
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<img src=x onerror=alert(1)>",
    "<img/src='x'/onerror=alert(1)>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data=data:text/html,<script>alert(1)</script>>",
    "<embed src=//evil.example>",
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<link rel=stylesheet href=//evil.example>",
    "<form action=//evil.example><button formaction=javascript:alert(1)>x",
    "<input autofocus onfocus=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<video><source onerror=alert(1)></video>",
    "<body onload=alert(1)>",
    "<marquee onstart=alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
    "<a href='https://x.example' onclick=alert(1)>x</a>",
    "<p style='background:url(javascript:alert(1))'>x</p>",
    "<style>*{background:url(//evil.example)}</style>",
    "<div style=position:fixed;inset:0>x</div>",
    "<div class=table-scroll id=x>x</div>",
    "<template><script>alert(1)</script></template>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<textarea></textarea><script>alert(1)</script>",
    "</p></div></body><script>alert(1)</script>",
    # comments, declarations, instructions
    "<!-- <script>alert(1)</script> -->",
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<!DOCTYPE html><script>alert(1)</script>",
    "<?php echo 1 ?><?xml-stylesheet href='javascript:alert(1)'?>",
    # links with addresses that act
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](  javascript:alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x](<java\tscript:alert(1)>)",
    "[x](java&Tab;script:alert(1))",
    "[x](java&NewLine;script:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](&#x6A&#x61;vascript:alert(1))",
    "[x](&#0000106avascript:alert(1))",
    "[x](\x01javascript:alert(1))",
    "[x](&#1;javascript:alert(1))",
    "[x](\u00a0javascript:alert(1))",
    "[x](java\u200bscript:alert(1))",
    "[x](\uff4aavascript:alert(1))",
    "[x](javascript\\:alert(1))",
    "[x](%6Aavascript:alert(1))",
    "[x](vbscript:msgbox(1))",
    "[x](VBScript&colon;msgbox(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](data:image/png;base64,AAAA)",
    "[x](data&colon;text/html,<script>)",
    "[x](file:///etc/passwd)",
    "[x](ftp://evil.example/)",
    "[x](blob:https://evil.example/1)",
    "[x](intent://evil#Intent;end)",
    "[x](view-source:https://evil.example)",
    "[x](feed:javascript:alert(1))",
    "[x](//evil.example)",
    "[x](\\\\\\\\evil.example)",
    "[x](/\\evil.example)",
    "[x](https:evil.example)",
    "[x](/admin/logout)",
    "[x](?next=1)",
    "[x](#top)",
    "[x]()",
    # breaking out of an attribute, titles, nesting
    '[x](https://a.example/"onmouseover="alert(1))',
    "[x](https://a.example/'onmouseover='alert(1))",
    '[x](<https://a.example/"><script>alert(1)</script>>)',
    '[x](https://a.example "onclick=alert(1)")',
    "[x](https://a.example '\"><img src=x onerror=alert(1)>')",
    "[[x](https://a.example)](javascript:alert(1))",
    "[x](https://a.example/[y](javascript:alert(1)))",
    "[a](https://a.example)[b](javascript:alert(1))",
    "[<img src=x onerror=alert(1)>](https://a.example)",
    "[https://bank.example](https://a.example\u202e)",
    # autolinks
    "<javascript:alert(1)>",
    "<JAVASCRIPT:alert(1)>",
    "<javascript&colon;alert(1)>",
    "<data:text/html,x>",
    "<vbscript:x>",
    "<https://a.example/<script>>",
    '<https://a.example/"onclick=alert(1)>',
    "<x@y.example?subject=<script>>",
    # images
    "![x](https://tracker.example/p.png)",
    "![x](javascript:alert(1))",
    "![x](data:image/svg+xml;base64,PHN2Zz4=)",
    '![x"onerror="alert(1)](https://tracker.example/p.png)',
    "[![x](https://tracker.example/p.png)](javascript:alert(1))",
    "![![x](https://a.example/1.png)](https://a.example/2.png)",
    "![x][ref]\n\n[ref]: https://tracker.example/p.png",
    # reference definitions
    "[x]\n\n[x]: javascript:alert(1)",
    "[x][1]\n\n[1]: data:text/html,x",
    "[1]: https://evil.example\n\nFact [1].",
    # what a parser may trip over
    "\x00<script>alert(1)</script>",
    "[x](java\x00script:alert(1))",
    "<scr\x00ipt>alert(1)</scr\x00ipt>",
    "\ud83d<script>\udc00",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    '```" onload=alert(1)\nx\n```',
    "```<script>\nx\n```",
    "|<script>|\n|-|\n|[x](javascript:alert(1))|",
    "# <script>alert(1)</script>",
    "- <svg onload=alert(1)>\n> <img src=x onerror=alert(1)>",
    "[x](http://[::1)",
    "[x](http://%zz\ufffd)",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_but_listed_tags_attributes_and_schemes_leaves_the_renderer(attack: str) -> None:
    assert audit(render(attack)).offences == []


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_sanitiser_alone_would_deny_the_same(attack: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("knowledge.markdown._ALLOWED_URL", re.compile(""))
    assert audit(render(attack)).offences == []


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_half_written_attack_is_as_harmless_at_every_character(attack: str) -> None:
    stream = StreamingMarkdown()
    for character in attack:
        update = stream.feed(character)
        assert audit(update.finished + update.tail).offences == []
    assert audit(stream.close()).offences == []


@pytest.mark.parametrize("attack", ATTACKS)
def test_marking_citations_adds_nothing_but_our_links(attack: str) -> None:
    html = render(attack)
    assert mark_citations(html, {}).count("<") == html.count("<")
    assert "<script" not in mark_citations(html, {1: '"><script>'})


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("<>\"'&;:/()[]!`*_~#|\\\n\t \0ajvscript1=-"), max_size=80))
def test_random_markup_is_harmless_too(text: str) -> None:
    assert audit(render(text)).offences == []


@pytest.mark.parametrize(
    "text",
    [
        *(">" * 10_000, "> " * 8_000, "- " * 8_000, "x\n" * 8_000, "|a" * 8_000, "&#x" * 5_000),
        *("[" * 10_000, "![" * 8_000, "[" * 5_000 + "](x)" * 2_000, "[" * 8_000 + "]" * 8_000),
        *("*a " * 5_000, "**a _b " * 2_500, "*" * 16_000 + "x", "`a " * 5_000, "<a" * 8_000),
        "\n".join("  " * depth + "- > **[a" for depth in range(200)),
    ],
)
def test_deep_and_repeated_markers_cost_bounded_time_and_no_recursion_error(text: str) -> None:
    start = time.process_time()
    stream = StreamingMarkdown()
    html = render(text) + stream.feed(text).tail + stream.close()
    assert time.process_time() - start < 5
    assert audit(html).offences == []


def test_text_beyond_the_limit_costs_nothing_and_ends_in_an_ellipsis() -> None:
    html = render("é" * MAX_BYTES)
    assert html == f"<p>{'é' * (MAX_BYTES // 2)}…</p>\n"


def test_a_character_that_would_be_cut_in_two_is_left_out() -> None:
    assert plain_text("a" + "é" * MAX_BYTES) == "a" + "é" * (MAX_BYTES // 2 - 1) + "…"


def test_the_result_is_safe_for_templates() -> None:
    assert isinstance(render("x"), SafeString)
    assert isinstance(mark_citations(render("x"), {}), SafeString)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a **b** *c* ~~d~~ `e`", "<p>a <strong>b</strong> <em>c</em> <s>d</s> <code>e</code></p>\n"),
        ("one\\\ntwo", "<p>one<br>\ntwo</p>\n"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n"),
        ("- a\n  - b", "<ul>\n<li>a\n<ul>\n<li>b</li>\n</ul>\n</li>\n</ul>\n"),
        ("3. a\n4. b", '<ol start="3">\n<li>a</li>\n<li>b</li>\n</ol>\n'),
        ("> a\n\n---", "<blockquote>\n<p>a</p>\n</blockquote>\n<hr>\n"),
        ("```py\nif a < b & c:\n```", "<pre><code>if a &lt; b &amp; c:\n</code></pre>\n"),
        ("`a < b && <c>`", "<p><code>a &lt; b &amp;&amp; &lt;c&gt;</code></p>\n"),
        ("5 < 6 & <b>x</b>", "<p>5 &lt; 6 &amp; &lt;b&gt;x&lt;/b&gt;</p>\n"),
        (
            "[x](https://a.example/?a=1&b=2)",
            f'<p><a href="https://a.example/?a=1&amp;b=2" rel="{REL}">x</a></p>\n',
        ),
        ("<a@b.example>", f'<p><a href="mailto:a@b.example" rel="{REL}">a@b.example</a></p>\n'),
        ("[call](tel:+442079460000)", f'<p><a href="tel:+442079460000" rel="{REL}">call</a></p>\n'),
    ],
)
def test_what_people_write_is_kept(text: str, html: str) -> None:
    assert render(text) == html


def test_a_table_keeps_its_cells_and_alignment_and_scrolls_by_itself() -> None:
    html = render("| Item | Price |\n|---|--:|\n| a < b | **5** |")
    assert html.startswith('<div class="table-scroll" tabindex="0" role="group" aria-label="Table">')
    assert '<td>a &lt; b</td>\n<td align="right"><strong>5</strong></td>' in html
    assert html.rstrip().endswith("</table>\n</div>")


@pytest.mark.parametrize(("level", "shown"), [(1, 3), (2, 4), (3, 5), (4, 6), (5, 6), (6, 6)])
def test_headings_stay_below_those_of_the_page(level: int, shown: int) -> None:
    assert render("#" * level + " Title") == f"<h{shown}>Title</h{shown}>\n"


def test_an_image_becomes_its_alternative_text() -> None:
    assert render("a ![our *new* shop](https://a.example/x.png) b") == "<p>a our new shop b</p>\n"


@pytest.mark.parametrize("address", ["/help", "//a.example", "#top", "ftp://a.example", "https:///a.example"])
def test_a_denied_link_keeps_its_words(address: str) -> None:
    assert render(f"see [**our** help]({address})") == "<p>see <strong>our</strong> help</p>\n"


def test_a_reference_definition_cannot_turn_a_citation_into_a_link() -> None:
    assert audit(render("Fact [1].\n\n[1]: https://evil.example")).hrefs == []


def test_plain_text_has_one_line_per_block_and_no_markup() -> None:
    text = "# Title\n\nA **bold**\nmove to [us](https://a.example).\n\n- one `x < y`\n- two\n\n```\na\n b\n```"
    assert plain_text(text) == "Title\nA bold move to us.\none x < y\ntwo\na b"


def test_plain_text_has_one_line_per_table_row() -> None:
    assert plain_text("| Size | Price |\n|--|--|\n| S | £5 |\n| M | |") == "Size, Price\nS, £5\nM"


def test_plain_text_decodes_entities_and_keeps_alternative_texts() -> None:
    assert plain_text("a &amp; b ![a *map*](https://a.example/m.png) \\*c\\*") == "a & b a map *c*"


@pytest.mark.parametrize("text", ["", " \n\n ", "\0", "[x]: y", "![]()", "|\n|-|"])
def test_next_to_nothing_is_no_error(text: str) -> None:
    assert plain_text(text) == excerpt(text)
    assert audit(render(text)).offences == []


def test_a_short_text_is_its_own_excerpt_on_one_line() -> None:
    assert excerpt("# Returns\n\nWithin **30 days**.") == "Returns · Within 30 days."


def test_an_excerpt_ends_with_a_whole_word() -> None:
    assert excerpt("Parcels, letters and pallets", 18) == "Parcels, letters…"
    assert excerpt("Parcels, letters and pallets", 11) == "Parcels…"


@settings(deadline=None)
@given(st.text(max_size=60), st.integers(min_value=1, max_value=30))
def test_an_excerpt_is_never_longer_than_asked(text: str, length: int) -> None:
    assert len(excerpt(text, length)) <= length


def test_an_excerpt_of_one_long_word_is_cut_inside_it() -> None:
    assert excerpt("x" * 300, 160) == "x" * 159 + "…"
    assert excerpt("a " + "x" * 300, 20) == "a " + "x" * 17 + "…"


SAMPLES = [
    "# Delivery\n\nWe ship **every day** by [6](https://a.example/t).\nToo.\n\n- UK: £3\n- EU: £9\n\nDone.",
    "1. First\n\n   More of it.\n2. Second\n   - inner\n\n     deep\n\n3) other list\n* third\n+ fourth\n",
    "- a\n\n\n- b\n\n\npara\n\n    code\n\n    more\n\n\ttab code\n\n - c\n\t- d\n",
    "Run:\n```sh\nls -l < a & b\n\n# no heading\n```\nthen\n\n[x](https://a.example",
    "~~~\nunclosed *fence*\n\n",
    "| a | b |\n|:--|--:|\n| 1 | `x` |\n| 2 | [l](https://a.example) |\nnot | row\n\nAfter.\n",
    "Lead\na | b\n--- | ---\n1 | 2\n\n***\nEnd [1][2] and [1, 2].",
    "Head\n===\nText\n---\n\n> quote\nlazy\n> - list\n\n> other\n\nWindows\r\nlines\r\n\r\nold\rones",
    "[1]: https://a.example\n\n<b>html</b>\n<!-- x\n\n-->\n\u2028é中😀\0",
    "- - - - - - - - - - - - deep\n\n" + "> " * 30 + "deeper\n\nlast",
]


@st.composite
def split_samples(draw: st.DrawFn) -> list[str]:
    samples = draw(st.lists(st.sampled_from(SAMPLES), min_size=1, max_size=4))
    text = draw(st.sampled_from(["\n", "\n\n"])).join(samples)
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=40)))
    return [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]


def streamed(pieces: list[str]) -> str:
    stream = StreamingMarkdown()
    return "".join(stream.feed(piece).finished for piece in pieces) + stream.close()


@settings(max_examples=150, deadline=None)
@given(split_samples())
def test_however_it_is_split_a_stream_ends_as_the_whole_text_would(pieces: list[str]) -> None:
    assert streamed(pieces) == render("".join(pieces))


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_stream_of_single_characters_ends_as_the_whole_text_would(sample: str) -> None:
    assert streamed(list(sample)) == render(sample)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from([*"\n\r-*+>#`~|[]()_ab1.\\ \t", "\n\n", "    ", "```", "|-|", "1. ", "---"]),
        max_size=40,
    )
)
def test_a_stream_of_random_markers_ends_as_the_whole_text_would(pieces: list[str]) -> None:
    assert streamed(pieces) == render("".join(pieces))


@pytest.mark.parametrize("character", ["a", "é", "😀", "\0", "\r\n"])
def test_a_stream_is_cut_where_the_whole_text_would_be(character: str) -> None:
    text = "x\n\n" + character * MAX_BYTES
    pieces = [text[start : start + 1_000] for start in range(0, len(text), 1_000)]
    assert streamed(pieces) == render(text)


def test_a_block_is_sent_once_and_as_soon_as_nothing_can_change_it() -> None:
    stream = StreamingMarkdown()
    assert stream.feed("# Title\n\nOne.").finished == "<h3>Title</h3>\n"
    assert stream.feed("\n").finished == ""
    assert stream.feed("\n").finished == "<p>One.</p>\n"
    assert stream.feed("- a\n\n").finished == ""
    assert stream.feed("N").finished == "<ul>\n<li>a</li>\n</ul>\n"
    assert stream.feed("ext").tail == "<p>Next</p>\n"
    assert stream.close() == "<p>Next</p>\n"


@pytest.mark.parametrize(
    ("half", "shown"),
    [
        ("a **bold te", "<p>a <strong>bold te</strong></p>\n"),
        ("a **bold*", "<p>a <strong>bold</strong></p>\n"),
        ("a **", "<p>a </p>\n"),
        ("*a **b", "<p><em>a <strong>b</strong></em></p>\n"),
        ("~~old", "<p><s>old</s></p>\n"),
        ("run `pip ins", "<p>run <code>pip ins</code></p>\n"),
        ("2*3 and 5 * 6", "<p>2*3 and 5 * 6</p>\n"),
        ("see [the **pa", "<p>see the <strong>pa</strong></p>\n"),
        ("see [the page]", "<p>see the page</p>\n"),
        ("see [the *page*](https://a.exa", "<p>see the <em>page</em></p>\n"),
        ("![a map](https://a.exa", "<p>a map</p>\n"),
        ("not [a](b c) link", "<p>not [a](b c) link</p>\n"),
        ("<https://a.exa", "<p>https://a.exa</p>\n"),
        ("fact [1", "<p>fact </p>\n"),
        ("fact [1, ", "<p>fact </p>\n"),
        ("fact [1]", "<p>fact [1]</p>\n"),
        ("Text\n-", "<p>Text</p>\n"),
        ("Text\n##", "<p>Text</p>\n"),
        ("- a\n- **b", "<ul>\n<li>a</li>\n<li><strong>b</strong></li>\n</ul>\n"),
        ("```py\nx = **a", "<pre><code>x = **a</code></pre>\n"),
        ("```\nx\n``", "<pre><code>x</code></pre>\n"),
        ("Prices:\n| a | b |\n|--", "<p>Prices:</p>\n"),
    ],
)
def test_half_written_markup_is_shown_as_what_it_is_about_to_be(half: str, shown: str) -> None:
    assert StreamingMarkdown().feed(half).tail == shown


def test_only_the_unfinished_block_is_sent_again() -> None:
    stream, sent = StreamingMarkdown(), 0
    paragraph = "A sentence of an answer with **bold** words. " * 3 + "\n\n"
    for character in paragraph * 20:
        update = stream.feed(character)
        assert update.tail.count("<p>") <= 1
        sent += len(update.finished)
    assert sent + len(stream.close()) == len(render(paragraph * 20))


LINKS = {1: "#m-7-s-1", 2: "/e/2?a=1&b=2"}
ONE = '<a class="cite" href="#m-7-s-1" aria-label="Source 1">[1]</a>'
TWO = '<a class="cite" href="/e/2?a=1&amp;b=2" aria-label="Source 2">[2]</a>'


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("A [1].", f"<p>A {ONE}.</p>\n"),
        ("A [1][2] b", f"<p>A {ONE}{TWO} b</p>\n"),
        ("A [1, 2] b [2,1]", f"<p>A {ONE}{TWO} b {TWO}{ONE}</p>\n"),
        ("A **[1]** & [2] < 3", f"<p>A <strong>{ONE}</strong> &amp; {TWO} &lt; 3</p>\n"),
        ("A [7]. B [1, 9] c", f"<p>A. B {ONE} c</p>\n"),
        ("`a[1]` b", "<p><code>a[1]</code> b</p>\n"),
        ("```\n[1]\n```", "<pre><code>[1]\n</code></pre>\n"),
        ("In [2024] and [x]", "<p>In [2024] and [x]</p>\n"),
        (
            "[see [1]](https://a.example/[1])",
            f'<p><a href="https://a.example/%5B1%5D" rel="{REL}">see [1]</a></p>\n',
        ),
    ],
)
def test_citations_become_links_in_text_only(text: str, html: str) -> None:
    assert mark_citations(render(text), LINKS) == html


def test_marking_citations_changes_nothing_else() -> None:
    for sample in SAMPLES:
        html = render(sample.replace("[1]", "").replace("[2]", "").replace("[1, 2]", ""))
        assert mark_citations(html, LINKS) == html
