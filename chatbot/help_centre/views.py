"""The help centre's pages. None of them needs a script, sets a cookie or knows who reads it."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from chatbot import limits
from chatbot.addresses import client_address
from chatbot.help_centre import contents, documents
from chatbot.limits import LimitedError
from chatbot.models import HelpVote
from chatbot.questions import QuestionRefusedError, clean_question
from chatbot.views.doors import is_from_here, spoken_in
from knowledge.confidence import Verdict
from knowledge.markdown import excerpt
from knowledge.markdown import render as render_markdown
from knowledge.models import Category, Entry, KnowledgeBase
from knowledge.requests import HtmxHttpRequest
from knowledge.retrieval import RetrievalError, retrieve

MARKDOWN = "text/markdown; charset=utf-8"
RESULTS = 10
SHORTEST = 2
View = Callable[..., HttpResponse]


def _spoken(view: View) -> View:
    """Answer in the reader's language, and let the answer be kept for a minute."""

    @wraps(view)
    def run(request: HttpRequest, *args: Any, **named: Any) -> HttpResponse:
        with translation.override(spoken_in(request)[0]):
            response = view(request, *args, **named)
        patch_vary_headers(response, ["Accept-Language", "HX-Request"])
        return response

    return cache_control(public=True, max_age=60)(run)


@require_safe
@_spoken
def index(request: HtmxHttpRequest) -> HttpResponse:
    """Show all categories, or what a search finds; for htmx the findings alone."""
    bases = _bases()
    typed = request.GET.get("q", "")
    found = _search(request, typed, bases) if typed.strip() else None
    context: dict[str, Any] = {"q": typed, "found": found, "assistant": contents.assistant_for([b.pk for b in bases])}
    if request.htmx and not request.htmx.history_restore_request:
        return render(request, "help/_results.html", context)
    context |= {"canonical": contents.absolute(request.path), "markdown": reverse("help:index_markdown")}
    context["bases"] = [(base, contents.shelves(base, gettext("Other questions"))) for base in bases]
    return render(request, "help/index.html", context)


@require_safe
@_spoken
def category(request: HttpRequest, name: str) -> HttpResponse:
    """Show all entries of a category; an address from before it was renamed leads here too."""
    found = contents.category_called(name)
    if found is None:
        raise Http404("There is no such category in the help centre.")
    if contents.category_url(found) != request.path:
        return redirect(contents.category_url(found), permanent=True)
    return _list_page(request, found.name, found, found.knowledge_base)


@require_safe
@_spoken
def others(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the entries of a knowledge base that have no category."""
    base = get_object_or_404(KnowledgeBase, slug=slug, help_centre=True)
    return _list_page(request, gettext("Other questions"), None, base)


@require_safe
@_spoken
def entry(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one entry."""
    found = _entry(slug)
    context = {
        **_entry_context(found),
        "related": contents.related_to(found),
        "assistant": contents.assistant_for([found.knowledge_base_id]),
        "structured": documents.faq_page([found]),
        "description": excerpt(found.answer),
    }
    return render(request, "help/entry.html", context)


@csrf_exempt  # nothing here rests on a cookie; who sends it must be a page of ours
@require_POST
@never_cache
def vote(request: HtmxHttpRequest, slug: str) -> HttpResponse:
    """Count whether an entry helped; once a minute from one address."""
    found = _entry(slug)
    helped = {"yes": True, "no": False}.get(request.POST.get("helped", ""))
    if helped is None or not is_from_here(request):
        return HttpResponseBadRequest("Send yes or no, from the page itself.")
    try:
        limits.take_vote(client_address(request), str(found.pk))
        _count(found, helped=helped)
    except LimitedError:
        pass  # counted a moment ago
    with translation.override(spoken_in(request)[0]):
        context = {**_entry_context(found), "assistant": contents.assistant_for([found.knowledge_base_id])}
        context |= {"voted": "yes" if helped else "no"}
        if request.htmx:
            return render(request, "help/_vote.html", context)
        return render(request, "help/voted.html", context)


@require_safe
@_spoken
def markdown(request: HttpRequest, slug: str) -> HttpResponse:  # noqa: ARG001
    """Hand out an entry's page as Markdown."""
    return HttpResponse(documents.markdown_entry(_entry(slug)), content_type=MARKDOWN)


@require_safe
@_spoken
def category_markdown(request: HttpRequest, name: str) -> HttpResponse:  # noqa: ARG001
    """Hand out a category's page as Markdown."""
    found = contents.category_called(name)
    if found is None:
        raise Http404("There is no such category in the help centre.")
    text = documents.markdown_list(found.name, contents.entries_of(found, found.knowledge_base))
    return HttpResponse(text, content_type=MARKDOWN)


@require_safe
@_spoken
def others_markdown(request: HttpRequest, slug: str) -> HttpResponse:  # noqa: ARG001
    """Hand out the entries without a category as Markdown."""
    base = get_object_or_404(KnowledgeBase, slug=slug, help_centre=True)
    text = documents.markdown_list(gettext("Other questions"), contents.entries_of(None, base))
    return HttpResponse(text, content_type=MARKDOWN)


@require_safe
@_spoken
def llms_txt(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """Hand out what language models look for: the contents with links to Markdown."""
    named = [(base.name, contents.shelves(base, gettext("Other questions"))) for base in _bases()]
    title = " · ".join(base for base, _ in named)
    return HttpResponse(documents.llms_txt(title, named), content_type="text/plain; charset=utf-8")


@require_safe
def robots_txt(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """Tell search engines what to read: the help centre, and not the chat."""
    lines = ["User-agent: *", "Disallow: /admin/", "Disallow: /a/", "Disallow: /embed/"]
    if contents.bases():
        lines += ["", f"Sitemap: {settings.SITE_URL}/sitemap.xml"]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


def _bases() -> list[KnowledgeBase]:
    found = contents.bases()
    if not found:
        raise Http404("No knowledge base is in the help centre.")
    return found


def _entry(slug: str) -> Entry:
    found = contents.entry_called(slug)
    if found is None:
        raise Http404("There is no such entry in the help centre.")
    return found


def _search(request: HttpRequest, typed: str, bases: list[KnowledgeBase]) -> dict[str, Any]:
    if len(typed.strip()) < SHORTEST:
        return {"hits": [], "short": True}
    try:
        question = clean_question(typed)
        limits.take_search(client_address(request))
        found = retrieve(question, knowledge_bases=[base.pk for base in bases], limit=RESULTS)
    except (QuestionRefusedError, LimitedError) as error:
        return {"hits": [], "problem": str(error)}
    except RetrievalError:
        return {"hits": [], "problem": gettext("The search does not work right now. Please try again in a minute.")}
    unsure = found.verdict == Verdict.DECLINE
    these = found.offers if unsure else (*found.candidates, *found.waiting)
    hits = {c.entry.pk: (contents.entry_url(c.entry), c.entry, excerpt(c.entry.answer)) for c in these}
    return {"hits": list(hits.values())[:RESULTS], "unsure": unsure}


def _list_page(request: HttpRequest, title: str, category: Category | None, base: KnowledgeBase) -> HttpResponse:
    these = contents.entries_of(category, base)
    context = {
        "title": title,
        "base": base,
        "rows": [(contents.entry_url(e), e, excerpt(e.answer)) for e in these],
        "structured": documents.faq_page(these),
        "assistant": contents.assistant_for([base.pk]),
        "canonical": contents.absolute(request.path),
        "markdown": f"{request.path.rstrip('/')}.md",
    }
    return render(request, "help/category.html", context)


def _entry_context(found: Entry) -> dict[str, Any]:
    url = contents.entry_url(found)
    return {
        "entry": found,
        "html": render_markdown(found.answer),
        "language": found.language or found.knowledge_base.language,
        "category_url": contents.category_url(found.category) if found.category else "",
        "url": url,
        "canonical": contents.absolute(url),
        "markdown": f"{url.rstrip('/')}.md",
    }


def _count(found: Entry, *, helped: bool) -> None:
    counter, _ = HelpVote.objects.get_or_create(entry=found, entry_version=found.version)
    name = "helped" if helped else "helped_not"
    HelpVote.objects.filter(pk=counter.pk).update(**{name: F(name) + 1})
