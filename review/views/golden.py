"""Golden questions: the list with what each got last, adding, files, running all, and fitting thresholds to them."""

import uuid
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, F, OuterRef, Q, Subquery
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from chatbot.models import Assistant
from chatbot.reading import readable_assistants
from knowledge.models import GoldenQuestion, KnowledgeBase
from knowledge.requests import HtmxHttpRequest
from knowledge.retrieval import RetrievalError
from knowledge.services import keep_golden_question, set_calibration
from review import audit, golden, golden_files, refitting
from review.access import MAY_WORK, desk, person
from review.charts import Chart, chart
from review.forms import GoldenForm
from review.models import GoldenResult, GoldenRun
from review.sheets import download
from review.views.pages import page_number, show

PAGE = 100


@require_GET
@desk()
def golden_list(request: HtmxHttpRequest) -> HttpResponse:
    """All golden questions of a knowledge base, those that are wrong first."""
    base, bases = _base(request), _bases(request)
    if base is None:
        return show(request, "golden", {"bases": bases, "base": None})
    rows = _rows(base, request.GET.get("q", "").strip()[:200])
    page = Paginator(rows, PAGE).get_page(page_number(request))
    runs = list(GoldenRun.objects.filter(knowledge_base=base)[:60])
    context = {
        "base": base,
        "bases": bases,
        "page": page,
        "q": request.GET.get("q", ""),
        "run": runs[0] if runs else None,
        "chart": _history(runs[::-1]),
        "assistants": base.assistants.filter(pk__in=readable_assistants(person(request)).values("pk")),
    }
    return show(request, "golden", context, part="golden_list" if "q" in request.GET else "")


def _rows(base: KnowledgeBase, text: str) -> Any:
    last = GoldenResult.objects.filter(golden=OuterRef("pk")).order_by("-run__started_at")
    rows = GoldenQuestion.objects.filter(knowledge_base=base).select_related("entry")
    if text:
        rows = rows.filter(Q(question__icontains=text) | Q(entry__question__icontains=text))
    annotated = rows.annotate(
        was_right=Subquery(last.values("right")[:1]),
        outcome=Subquery(last.values("outcome")[:1]),
        got=Subquery(last.values("got")[:1]),
    )
    return annotated.order_by("-lost", F("was_right").asc(nulls_last=True), "question")


def _history(runs: list[GoldenRun]) -> Chart | None:
    if len(runs) < 2:
        return None
    labels = [f"{timezone.localtime(run.started_at):%d %b %H:%M}" for run in runs]
    shares = [round(100 * run.right / run.questions, 1) if run.questions else None for run in runs]
    return chart("Right answers to golden questions", labels, [("right", shares)], unit=" %")


@require_http_methods(["GET", "POST"])
@desk(MAY_WORK)
def golden_edit(request: HtmxHttpRequest, golden_id: uuid.UUID) -> HttpResponse:
    """Change what a golden question asks or expects."""
    found = get_object_or_404(GoldenQuestion.objects.select_related("entry"), pk=golden_id, **_in(request))
    initial = {"question": found.question, "entry": str(found.entry_id or "")}
    form = GoldenForm(request.POST or None, base=found.knowledge_base, initial=initial, instance=found)
    if request.method == "POST" and form.is_valid():
        form.save()
        audit.note(person(request), "change a golden question", target=found.pk)
        messages.success(request, "Saved.")
        return redirect(_url(found.knowledge_base))
    context = {"golden": found, "base": found.knowledge_base, "form": form}
    return show(request, "golden_edit", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@desk(MAY_WORK)
def golden_add(request: HtmxHttpRequest) -> HttpResponse:
    """Add a golden question."""
    base = get_object_or_404(KnowledgeBase, pk=_key(request.GET.get("base", "")), pk__in=_bases_pks(request))
    form = GoldenForm(request.POST or None, base=base)
    if not form.is_valid():
        status = 422 if form.errors else 200
        return show(request, "golden_edit", {"golden": None, "base": base, "form": form}, status=status)
    kept = keep_golden_question(base, form.cleaned_data["question"], form.cleaned_data["entry"])
    audit.note(person(request), "add a golden question", target=kept.pk)
    messages.success(request, "Added. It is asked with the next run.")
    return redirect(_url(base))


@require_POST
@desk(MAY_WORK)
def golden_delete(request: HtmxHttpRequest, golden_id: uuid.UUID) -> HttpResponse:
    """Delete a golden question."""
    found = get_object_or_404(GoldenQuestion, pk=golden_id, **_in(request))
    base = found.knowledge_base
    audit.note(person(request), "delete a golden question", target=found.pk)
    found.delete()
    messages.success(request, "Deleted.")
    return redirect(_url(base))


@require_POST
@desk(MAY_WORK)
def golden_run(request: HtmxHttpRequest) -> HttpResponse:
    """Ask all of them now."""
    base = get_object_or_404(KnowledgeBase, pk=_key(request.POST.get("base", "")), pk__in=_bases_pks(request))
    try:
        made, _ = golden.run(base)
    except RetrievalError as error:
        messages.error(request, f"They could not be asked: {error}")
        return redirect(_url(base))
    audit.note(
        person(request), "run golden questions", target=base.pk, detail=f"{made.right} of {made.questions} right"
    )
    messages.success(request, f"{made.right} of {made.questions} are right.")
    return redirect(_url(base))


@require_GET
@desk()
def golden_export(request: HtmxHttpRequest, kind: str) -> HttpResponse:
    """All of a knowledge base's as a file."""
    base = _base(request)
    if base is None or kind not in ("csv", "jsonl"):
        raise Http404("There is no such file.")
    audit.note(person(request), "export golden questions", target=base.pk)
    content = golden_files.export_csv(base) if kind == "csv" else golden_files.export_jsonl(base)
    return download(content, f"golden-{base.slug}-{timezone.localdate():%Y-%m-%d}.{kind}")


@require_POST
@desk(MAY_WORK)
def golden_import(request: HtmxHttpRequest) -> HttpResponse:
    """Add those of a file; all or none."""
    base = get_object_or_404(KnowledgeBase, pk=_key(request.POST.get("base", "")), pk__in=_bases_pks(request))
    upload = request.FILES.get("file")
    if upload is None:
        messages.error(request, "Choose a file first.")
        return redirect(_url(base))
    try:
        read = golden_files.read_file(base, upload.read(golden_files.MOST_BYTES + 1), upload.name or "")
    except golden_files.GoldenFileError as error:
        messages.error(request, f"Nothing was imported. {error}")
        return redirect(_url(base))
    audit.note(person(request), "import golden questions", target=base.pk, detail=f"{read.kept} questions")
    messages.success(request, f"{read.kept} golden questions are kept, {read.declines} of them to be declined.")
    return redirect(_url(base))


@require_http_methods(["GET", "POST"])
@desk(MAY_WORK)
def golden_fit(request: HtmxHttpRequest, assistant_id: uuid.UUID) -> HttpResponse:
    """What fitted thresholds and calibration would do; a press applies one of them."""
    assistant = get_object_or_404(readable_assistants(person(request)), pk=assistant_id)
    base = get_object_or_404(assistant.knowledge_bases, pk=_key(request.GET.get("base", "")))
    try:
        fitted, failure = refitting.refit(assistant, base), ""
    except RetrievalError as error:
        fitted, failure = None, str(error)
    if request.method == "POST" and fitted:
        return _apply(request, assistant, base, fitted)
    context = {"assistant": assistant, "base": base, "refit": fitted, "failure": failure}
    return show(request, "golden_fit", context, status=503 if failure else 200)


def _apply(
    request: HtmxHttpRequest, assistant: Assistant, base: KnowledgeBase, fitted: refitting.Refit
) -> HttpResponse:
    user = person(request)
    if request.POST.get("apply") == "thresholds" and fitted.thresholds:
        policy = fitted.thresholds.policy
        assistant.quote_at, assistant.write_at, assistant.clarify_at = (
            policy.quote_at,
            policy.write_at,
            policy.clarify_at,
        )
        assistant.save(update_fields=["quote_at", "write_at", "clarify_at"])
        detail = (
            f"quotes from {policy.quote_at:g}, writes from {policy.write_at:g}, asks back from {policy.clarify_at:g}"
        )
        audit.note(user, "refit thresholds", assistant=assistant, detail=detail)
        messages.success(request, f"Applied: {detail}.")
    elif request.POST.get("apply") == "calibration" and fitted.calibration:
        set_calibration(base, fitted.calibration.calibration)
        audit.note(user, "refit the calibration", assistant=assistant, target=base.pk)
        messages.success(request, "Applied: the confidence of this knowledge base is calibrated anew.")
    return redirect(_url(base))


def _bases(request: HtmxHttpRequest) -> list[KnowledgeBase]:
    """Knowledge bases of assistants that the person may read, those with most golden questions first."""
    counted = KnowledgeBase.objects.filter(pk__in=_bases_pks(request)).annotate(number=Count("golden_questions"))
    return list(counted.order_by("-number", "name"))


def _bases_pks(request: HtmxHttpRequest) -> Any:
    mine = readable_assistants(person(request)).order_by().values("pk")
    return KnowledgeBase.objects.filter(assistants__in=mine).order_by().values("pk")


def _in(request: HtmxHttpRequest) -> dict[str, Any]:
    return {"knowledge_base__in": _bases_pks(request)}


def _base(request: HtmxHttpRequest) -> KnowledgeBase | None:
    bases = _bases(request)
    wanted = request.GET.get("base", "")
    return next((base for base in bases if str(base.pk) == wanted), bases[0] if bases and not wanted else None)


def _key(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise Http404("There is no such knowledge base.") from error


def _url(base: KnowledgeBase) -> str:
    return f"{reverse('review:golden')}?base={base.pk}"
