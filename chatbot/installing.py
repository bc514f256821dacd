"""Putting an assistant on a website: the line to paste, what is still missing, and a look at the page itself."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from django.conf import settings
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from chatbot import outbound
from chatbot.contacting import reaches_somebody, ways_of
from chatbot.models import Assistant, Look
from chatbot.origins import allows, origin_of
from chatbot.outbound import Answer, TargetError, UnreachableError
from knowledge.models import Entry

MOST_REDIRECTS = 3
_ENDS = re.compile(r"/widget\.js(?:\?|$)")


@dataclass(frozen=True)
class Step:
    """One thing to be done before visitors of a website are answered; `url` is where it is done."""

    done: bool
    text: str
    url: str = ""


@dataclass
class SiteReport:
    """What a look at a page found: whether visitors there get the assistant, and what is in the way."""

    url: str
    found: bool = False
    problems: list[str] = field(default_factory=list)
    needs: list[str] = field(default_factory=list)

    @property
    def is_well(self) -> bool:
        """Whether nothing is missing."""
        return self.found and not self.problems and not self.needs


def snippet(assistant: Assistant, here: str | None = None) -> SafeString:
    """Return the line of HTML that puts an assistant on a page; `here` is what this site is called, else SITE_URL."""
    own = {
        "assistant": assistant.public_key,
        "accent": assistant.accent,
        "position": "start" if assistant.side == Look.Side.START else "",
        "theme": "" if assistant.theme == Look.Theme.AUTO else assistant.theme,
    }
    attributes = format_html_join("", ' data-{}="{}"', [(name, value) for name, value in own.items() if value])
    here = settings.SITE_URL if here is None else here
    return format_html('<script async src="{}{}"{}></script>', here, reverse("chatbot:widget"), attributes)


def policy_lines() -> list[str]:
    """Return what a website's own Content-Security-Policy needs."""
    here = origin_of(settings.SITE_URL)
    return [f"script-src {here}", f"frame-src {here}"]


def steps(assistant: Assistant) -> list[Step]:
    """Return what has to be done, in order, and whether it is."""
    live = Entry.objects.answerable().filter(knowledge_base__assistants=assistant)
    indexed = live.exists() and not live.dirty().exists()
    seen = [s for s in assistant.sightings.all()[:20] if allows(assistant.origins(), s.origin)]
    form = reverse("admin:chatbot_assistant_change", args=[assistant.pk])
    entries = reverse("admin:knowledge_entry_changelist")
    return [
        Step(indexed, "Its knowledge is live" if indexed else "Publish entries, and wait until all are live", entries),
        Step(bool(assistant.origins()), "A website may show it", f"{form}#id_allowed_origins"),
        Step(
            bool(seen),
            f"Seen on {seen[0].origin}, last on {seen[0].last_at:%Y-%m-%d %H:%M} UTC"
            if seen
            else "Paste the line into your pages and open the chat there once",
        ),
        Step(
            not assistant.contact_enabled or reaches_somebody(assistant),
            _reached(assistant),
            f"{form}#id_contact_email",
        ),
    ]


def _reached(assistant: Assistant) -> str:
    if not assistant.contact_enabled:
        return "Visitors cannot ask for a person"
    if reaches_somebody(assistant):
        return "Requests for a person reach somebody"
    if ways_of(assistant):
        return "Requests for a person would be sent by mail, and no mail server is set up (EMAIL_HOST)"
    return "Say where requests for a person are sent"


def check_site(assistant: Assistant, url: str) -> SiteReport:
    """Fetch a page of an allowed website and say whether the assistant is on it; what goes wrong is in the report."""
    report = SiteReport(url.strip())
    try:
        answer = _fetch(assistant, report)
    except (TargetError, UnreachableError, _NotAllowedError) as error:
        report.problems.append(str(error))
        return report
    if answer.status != 200:
        report.problems.append(f"The page answered with status {answer.status}.")
    page = _Page()
    page.feed(answer.body.decode(errors="replace"))
    _look_for_script(assistant, page, report)
    policies = [*answer.header("content-security-policy"), *page.policies]
    page_origin = origin_of(report.url) or ""
    for policy in policies:
        report.needs += [need for need in needs_of(policy, page_origin) if need not in report.needs]
    return report


class _NotAllowedError(Exception):
    pass


def _fetch(assistant: Assistant, report: SiteReport) -> Answer:
    for _ in range(MOST_REDIRECTS + 1):
        origin = origin_of(report.url)
        if origin is None:
            raise _NotAllowedError("Write the address of a page, like https://www.example.com/")
        if not allows(assistant.origins(), origin):
            raise _NotAllowedError(f"{origin} is not among the websites that may show it. Add it above and save first.")
        answer = outbound.send(report.url, headers={"Accept": "text/html", "Accept-Encoding": "identity"})
        to = answer.header("location")
        if answer.status not in (301, 302, 303, 307, 308) or not to:
            return answer
        report.url = urljoin(report.url, to[0])
    raise _NotAllowedError(f"It redirects more than {MOST_REDIRECTS} times.")


def _look_for_script(assistant: Assistant, page: "_Page", report: SiteReport) -> None:
    here = origin_of(settings.SITE_URL)
    ours = [s for s in page.scripts if origin_of(urljoin(report.url, s.get("src") or "")) == here]
    if not ours:
        elsewhere = [s["src"] for s in page.scripts]
        report.problems.append(
            f"The line is there, but it loads {elsewhere[0]}, and this installation is {here}."
            if elsewhere
            else "The line is not in the page's HTML. If a tag manager or a script adds it, open the chat there once: "
            "then it is seen."
        )
        return
    keys = [s.get("data-assistant") for s in ours]
    report.found = assistant.public_key in keys
    if not report.found:
        report.problems.append(f"The line is there with another key ({keys[0] or 'none'}). Copy it again.")
    if len(ours) > 1:
        report.problems.append("The line is there more than once: only the first counts.")


class _Page(HTMLParser):
    """Our kind of scripts in a page, and the policies that it sets for itself."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.scripts: list[dict[str, str]] = []
        self.policies: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a loader or a policy."""
        own = {name: value or "" for name, value in attrs}
        if tag == "script" and _ENDS.search(own.get("src", "")):
            self.scripts.append(own)
        if tag == "meta" and own.get("http-equiv", "").lower() == "content-security-policy":
            self.policies.append(own.get("content", ""))


def needs_of(policy: str, page_origin: str) -> list[str]:
    """Return what a Content-Security-Policy lacks for our script and our frame; [] where nothing."""
    rules: dict[str, list[str]] = {}
    for part in policy.split(";"):
        name, *sources = part.split() or [""]
        rules.setdefault(name.lower(), sources)
    here = origin_of(settings.SITE_URL) or ""
    needs = []
    for name, others in (("script-src", ("script-src-elem", "script-src")), ("frame-src", ("frame-src", "child-src"))):
        ruling = next((rule for rule in (*others, "default-src") if rule in rules), None)
        if ruling and not _lets_in(rules[ruling], here, page_origin):
            nonce = any(s.lower().startswith(("'nonce-", "'strict-dynamic'")) for s in rules[ruling])
            hint = " (or give the line your nonce)" if nonce and name == "script-src" else ""
            needs.append(f"{name}: add {here}{hint}")
    return needs


def _lets_in(sources: list[str], origin: str, page_origin: str) -> bool:
    if any(source.lower() == "'strict-dynamic'" for source in sources):
        return False
    return any(_matches(source.lower(), origin, page_origin) for source in sources)


def _matches(source: str, origin: str, page_origin: str) -> bool:
    scheme, host = origin.split("://")
    if source == "'self'":
        return origin == page_origin
    if source in ("*", f"{scheme}:"):
        return True
    own_scheme, _, rest = source.rpartition("://")
    if own_scheme and own_scheme not in (scheme, "http"):
        return False
    name = urlsplit(f"//{rest}").netloc
    if name.startswith("*."):
        return host.partition(":")[0].endswith(name[1:].partition(":")[0])
    return name in (host, f"{host}:443" if scheme == "https" else f"{host}:80") or name == f"{host.partition(':')[0]}:*"
