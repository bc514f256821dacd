"""The help centre for machines: structured data for search engines, Markdown for language models, a map of it all."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.conf import settings
from django.contrib.sitemaps import Sitemap
from django.db.models import QuerySet
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from chatbot.help_centre.contents import Shelf, absolute, entries, entry_url
from knowledge.markdown import excerpt, plain_text
from knowledge.models import Entry

# As they stand in JSON within a script element: nothing there can end it.
_UNSAFE = {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026"}


def faq_page(these: Iterable[Entry]) -> SafeString:
    """Return schema.org's FAQPage of entries, as JSON that is safe within a script element."""
    questions = [
        {
            "@type": "Question",
            "name": entry.question,
            "url": absolute(entry_url(entry)),
            "acceptedAnswer": {"@type": "Answer", "text": plain_text(entry.answer)},
        }
        for entry in these
    ]
    page = {"@context": "https://schema.org", "@type": "FAQPage", "mainEntity": questions}
    return SafeString(json.dumps(page, ensure_ascii=False).translate(_UNSAFE))


def markdown_entry(entry: Entry) -> str:
    """Return an entry's page as Markdown."""
    return (
        f"# {entry.question}\n\n{entry.answer.strip()}\n\n---\n\n"
        f"<{absolute(entry_url(entry))}>, {entry.updated_at:%Y-%m-%d}\n"
    )


def markdown_list(title: str, these: Iterable[Entry]) -> str:
    """Return a list of entries as Markdown, each with the address of its own."""
    return f"# {title}\n\n{_lines(these)}\n"


def llms_txt(title: str, named: Sequence[tuple[str, list[Shelf]]]) -> str:
    """Return what llmstxt.org asks for: the help centre's contents, with links to Markdown."""
    summary = gettext("Curated questions and answers.")
    parts = [f"# {title}", f"> {summary} {absolute('/sitemap.xml')}"]
    for base, shelves in named:
        parts += [f"## {shelf.title or base}\n\n{_lines(shelf.entries)}" for shelf in shelves]
    return "\n\n".join(parts) + "\n"


def _lines(these: Iterable[Entry]) -> str:
    return "\n".join(
        f"- [{_label(entry.question)}]({absolute(entry_url(entry)).rstrip('/')}.md): {excerpt(entry.answer)}"
        for entry in these
    )


def _label(text: str) -> str:
    return text.replace("[", "(").replace("]", ")")


class EntrySitemap(Sitemap):  # type: ignore[type-arg]
    """Every entry's page, with when it was last edited."""

    changefreq = "weekly"

    def items(self) -> QuerySet[Entry]:
        """Return the entries that anybody may read, in an order that stays."""
        return entries().only("pk", "slug", "updated_at").order_by("created_at", "pk")

    def location(self, entry: Entry) -> str:
        """Return where one is read."""
        return entry_url(entry)

    def lastmod(self, entry: Entry) -> datetime:
        """Return when it was edited."""
        return entry.updated_at

    def get_domain(self, site: object = None) -> str:  # noqa: ARG002
        """Return what this site is called, whoever asks by which name."""
        return settings.SITE_URL.partition("://")[2]

    def get_protocol(self, protocol: str | None = None) -> str:  # noqa: ARG002
        """Return http or https, as the site is reached."""
        return settings.SITE_URL.partition("://")[0]
