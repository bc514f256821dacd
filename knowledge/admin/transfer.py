"""Import and export pages of the entry list: upload, look at what would happen, confirm; and the way out again."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from knowledge.admin import uploads
from knowledge.admin.previews import describe_assumption, describe_reading, plan_import
from knowledge.admin.workbooks import SIGNATURE, read_workbook, write_workbook
from knowledge.importing import ImportFileError, Problem, Sheet, read_rows, write_csv, write_jsonl
from knowledge.models import Entry, KnowledgeBase
from knowledge.selectors import rows_for_export
from knowledge.services import ImportReport, import_rows

if TYPE_CHECKING:
    EntryModelAdmin = admin.ModelAdmin[Entry]
else:
    EntryModelAdmin = admin.ModelAdmin

_MEGABYTE = 1_000_000
# An import is one transaction, at some milliseconds a row: more would keep the person and other editors waiting.
MAX_ROWS = 2_000
ELSEWHERE = "Split it, or have it imported on the server: python manage.py import_entries FILE."
_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "jsonl": "application/x-ndjson; charset=utf-8",
}


class BaseForm(forms.Form):
    """The choice of a knowledge base, which is none where there is only one."""

    knowledge_base = forms.ModelChoiceField(KnowledgeBase.objects.all(), empty_label=None)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        bases = list(KnowledgeBase.objects.all()[:2])
        if len(bases) == 1:
            self.fields["knowledge_base"].widget = forms.HiddenInput()
            self.initial.setdefault("knowledge_base", bases[0].pk)


class ImportForm(BaseForm):
    """A file and the knowledge base it is for."""

    file = forms.FileField(
        label="File",
        help_text="CSV, Excel (.xlsx) or JSONL. Encoding and separator are recognised.",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx,.jsonl,.ndjson"}),
    )

    def clean_file(self) -> "UploadedFile[Any]":
        """Refuse what would take longer than a person waits, and say where it can be imported."""
        file = cast("UploadedFile[Any]", self.cleaned_data["file"])
        if (file.size or 0) > settings.IMPORT_MAX_MB * _MEGABYTE:
            size = (file.size or 0) / _MEGABYTE
            raise forms.ValidationError(
                f"The file has {size:,.1f} MB; at most {settings.IMPORT_MAX_MB} MB can be imported here. {ELSEWHERE}"
            )
        return file


class ExportForm(BaseForm):
    """Which knowledge base, and as what."""

    format = forms.ChoiceField(
        choices=[("csv", "CSV, for spreadsheets and for importing again"), ("xlsx", "Excel"), ("jsonl", "JSONL")]
    )


class TransferPages(EntryModelAdmin):
    """The entry admin's import and export."""

    def get_urls(self) -> list[URLPattern]:
        """Add the pages before the one that takes anything for an entry's id."""
        pages = {
            "import": require_http_methods(["GET", "POST"])(self.import_view),
            "import/confirm": require_POST(self.confirm_view),
            "export": require_GET(self.export_view),
        }
        names = {"import/confirm": "confirm_import"}
        own = [
            path(f"{where}/", self.admin_site.admin_view(view), name=f"knowledge_entry_{names.get(where, where)}")
            for where, view in pages.items()
        ]
        return [*own, *super().get_urls()]

    def has_import_permission(self, request: HttpRequest) -> bool:
        """An import adds and changes."""
        return self.has_add_permission(request) and self.has_change_permission(request)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Say whether to offer the import."""
        extra = {"may_import": self.has_import_permission(request), **(extra_context or {})}
        return super().changelist_view(request, extra)

    def import_view(self, request: HttpRequest) -> HttpResponse:
        """Take a file, and show what importing it would do. Nothing is stored yet."""
        self._require(self.has_import_permission(request))
        form = ImportForm(request.POST or None, request.FILES or None)
        if not KnowledgeBase.objects.exists():
            messages.warning(request, "There is no knowledge base yet. Add one first, then import into it.")
            return HttpResponseRedirect(reverse("admin:knowledge_knowledgebase_add"))
        if request.method == "POST" and form.is_valid():
            base, file = form.cleaned_data["knowledge_base"], form.cleaned_data["file"]
            try:
                data = file.read()
                sheet = _read(data, file.name)
            except ImportFileError as error:
                form.add_error("file", str(error))
            else:
                upload = uploads.keep(data, name=file.name, base_id=base.pk, user_id=request.user.pk)
                return self._preview(request, base, upload, sheet)
        status = 422 if form.errors else 200
        return self._page(request, "import", "Import entries", {"form": form}, status=status)

    def confirm_view(self, request: HttpRequest) -> HttpResponse:
        """Import the file that was previewed: all of it, or its good rows where that was chosen."""
        self._require(self.has_import_permission(request))
        try:
            upload = uploads.find(request.POST.get("token", ""), user_id=request.user.pk)
        except uploads.UploadGoneError as error:
            messages.error(request, str(error))
            return HttpResponseRedirect(reverse("admin:knowledge_entry_import"))
        base = get_object_or_404(KnowledgeBase, pk=upload.base_id)
        sheet = _read(upload.data, upload.name)
        broken = any(problem.level == "error" for problem in sheet.problems)
        if broken and request.POST.get("leave_out") != "yes":
            messages.error(request, "Nothing was imported: correct the rows below, or choose to leave them out.")
            return self._preview(request, base, upload, sheet)
        if refused := self.refuse_import(request, base, upload, sheet):
            return refused
        report = import_rows(base, sheet.rows, author=cast(Any, request.user), reason=request.POST.get("reason", ""))
        if report.problems:
            messages.error(request, "Nothing was imported: some rows were refused. Correct them in the file.")
            return self._preview(request, base, upload, sheet, refused=report.problems)
        uploads.forget(upload)
        self.log_change(request, cast(Any, base), f"Imported {upload.name}: {_summary(report)}")
        messages.success(request, f"Imported: {_summary(report)}")
        return HttpResponseRedirect(reverse("admin:knowledge_entry_changelist"))

    def export_view(self, request: HttpRequest) -> HttpResponse:
        """Ask for base and format; with both, answer with the file."""
        self._require(self.has_view_permission(request))
        form = ExportForm(request.GET if "format" in request.GET else None)
        if form.is_valid():
            base, kind = form.cleaned_data["knowledge_base"], form.cleaned_data["format"]
            try:
                return _download(base, kind)
            except ImportFileError as error:
                form.add_error("format", str(error))
        status = 422 if form.errors else 200
        return self._page(request, "export", "Export entries", {"form": form}, status=status)

    def _preview(
        self,
        request: HttpRequest,
        base: KnowledgeBase,
        upload: uploads.Upload,
        sheet: Sheet,
        refused: Sequence[Problem] = (),
    ) -> HttpResponse:
        plan = plan_import(base, sheet, refused)
        if assumption := describe_assumption(sheet):
            messages.warning(request, assumption)
        context = {
            "base": base,
            "upload": upload,
            "plan": plan,
            "reading": describe_reading(sheet, upload.name),
            "summary": _summary(plan.report),
            "may_import": plan.good and not plan.report.problems,
        }
        context |= self.import_context(request, base, sheet)
        return self._page(request, "import_preview", f"Import {upload.name}", context)

    def import_context(self, request: HttpRequest, base: KnowledgeBase, sheet: Sheet) -> dict[str, Any]:  # noqa: ARG002
        """More for the preview of an import; `more` names a template that stands in its form."""
        return {}

    def refuse_import(
        self,
        request: HttpRequest,  # noqa: ARG002
        base: KnowledgeBase,  # noqa: ARG002
        upload: uploads.Upload,  # noqa: ARG002
        sheet: Sheet,  # noqa: ARG002
    ) -> HttpResponse | None:
        """Return a page where the import must not go on yet."""
        return None

    def _page(
        self, request: HttpRequest, name: str, title: str, context: dict[str, Any], *, status: int = 200
    ) -> HttpResponse:
        page = {**self.admin_site.each_context(request), "opts": self.opts, "title": title, **context}
        return TemplateResponse(request, f"admin/knowledge/entry/{name}.html", page, status=status)

    @staticmethod
    def _require(permitted: bool) -> None:
        if not permitted:
            raise PermissionDenied


def _read(data: bytes, name: str) -> Sheet:
    limit = settings.IMPORT_MAX_MB * _MEGABYTE
    is_workbook = data.startswith(SIGNATURE) and name.lower().endswith(".xlsx")
    sheet = read_workbook(data, max_bytes=limit) if is_workbook else read_rows(data, name=name, max_bytes=limit)
    if len(sheet.rows) > MAX_ROWS:
        raise ImportFileError(
            f"The file has {len(sheet.rows):,} rows; at most {MAX_ROWS:,} can be imported here. {ELSEWHERE}"
        )
    return sheet


def _download(base: KnowledgeBase, kind: str) -> HttpResponse:
    rows = rows_for_export(base)
    if kind == "xlsx":
        content = write_workbook(rows)
    elif kind == "csv":
        content = write_csv(rows).encode("utf-8-sig")
    else:
        content = write_jsonl(rows).encode()
    name = f"{base.slug}-{timezone.localdate():%Y-%m-%d}.{kind}"
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=_TYPES[kind], headers=disposition)


def _summary(report: ImportReport) -> str:
    return f"{report.created:,} new, {report.updated:,} changed, {report.unchanged:,} unchanged."
