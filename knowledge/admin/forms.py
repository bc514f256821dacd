"""The entry form: the words of an entry cleaned by the same rules as everywhere, with all mistakes shown at once."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError

from knowledge.models import Category, Entry, KnowledgeBase
from knowledge.texts import LIMITS, TextError, clean, unify_newlines

if TYPE_CHECKING:
    EntryModelForm = forms.ModelForm[Entry]
else:
    EntryModelForm = forms.ModelForm


# It is kept with the version.
REASON_LENGTH = 100


class PlainTextarea(forms.Textarea):
    """Reads the line ends that browsers send as the plain ones that are stored: unchanged text counts as unchanged."""

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Any:
        """Return the text with plain line ends; None where the form does not have it."""
        value = super().value_from_datadict(data, files, name)
        return value if value is None else unify_newlines(value)


class EntryForm(EntryModelForm):
    """An entry and its phrasings, one per line.

    A text area and not a formset: every save writes phrasings anew, so a formset's row ids would be stale in any form
    that stayed open, and a list is easier to paste, sort and read.
    """

    phrasings = forms.CharField(
        required=False,
        strip=False,
        label="Other ways to ask it",
        help_text="One per line, in people's own words: short, long, colloquial. Empty lines are ignored.",
        widget=PlainTextarea(attrs={"rows": 6}),
    )
    expected_version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    reason = forms.CharField(
        required=False,
        max_length=REASON_LENGTH,
        label="Why",
        help_text="In a line, for the history. Optional.",
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )
    # Why the service refused what this form had accepted; set when the form is shown again.
    refusal: str | ValidationError | None = None

    class Meta:
        model = Entry
        fields = (
            "knowledge_base",
            "category",
            "reference",
            "question",
            "answer",
            "language",
            "status",
            "valid_from",
            "valid_until",
            "owner",
            "review_due",
        )
        widgets = {
            "question": PlainTextarea(attrs={"rows": 2}),
            "answer": PlainTextarea(attrs={"rows": 16}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        entry = self.instance
        if not entry._state.adding:
            self.initial["phrasings"] = "\n".join(p.text for p in entry.phrasings.all())
            self.initial["expected_version"] = entry.version
        self._name_halves_of_moments()
        if "knowledge_base" in self.fields:
            self._offer_bases()
        for name in ("category", "owner"):
            if isinstance(widget := getattr(self.fields.get(name), "widget", None), RelatedFieldWidgetWrapper):
                widget.can_change_related = widget.can_delete_related = widget.can_view_related = False
                widget.can_add_related = widget.can_add_related and name == "category"
        if "owner" in self.fields:
            staff = get_user_model()._default_manager.filter(is_staff=True, is_active=True)
            cast("forms.ModelChoiceField[Any]", self.fields["owner"]).queryset = staff

    def clean_question(self) -> str:
        """One line, printable, within its limit."""
        return " ".join(self._cleaned_text("question").split())

    def clean_answer(self) -> str:
        """Printable, with plain line ends, within its limit."""
        return self._cleaned_text("answer")

    def clean_reference(self) -> str:
        """Printable, within its limit."""
        return self._cleaned_text("reference")

    def clean_phrasings(self) -> list[str]:
        """The lines that are not empty; every line that cannot be taken is named."""
        texts, errors = [], []
        for number, line in enumerate(self.cleaned_data["phrasings"].splitlines(), start=1):
            try:
                texts.append(" ".join(clean(line, LIMITS["phrasings"]).split()))
            except TextError as error:
                errors.append(f"Line {number} {error}")
        if errors:
            raise ValidationError(errors)
        return [text for text in texts if text]

    def clean(self) -> dict[str, Any]:
        """Refuse another base's category, and repeat what the service said."""
        cleaned = super().clean() or self.cleaned_data
        category, base = cleaned.get("category"), cleaned.get("knowledge_base")
        if category and base and category.knowledge_base_id != base.pk:
            self.add_error("category", f"This category belongs to “{category.knowledge_base}”, not to “{base}”.")
        if self.refusal:
            self.add_error(None, self.refusal)
        return cleaned

    def _cleaned_text(self, name: str) -> str:
        try:
            return clean(self.cleaned_data[name], LIMITS[name])
        except TextError as error:
            raise ValidationError(f"The {name} {error}") from error

    def _name_halves_of_moments(self) -> None:
        """A screen reader is told which of the two boxes is the date."""
        for name in ("valid_from", "valid_until"):
            if isinstance(widget := getattr(self.fields.get(name), "widget", None), forms.MultiWidget):
                for part, half in zip(("date", "time"), widget.widgets, strict=True):
                    half.attrs["aria-label"] = f"{self.fields[name].label}: {part}"

    def _offer_bases(self) -> None:
        """Ask for the base only where there is a choice, and then say which base a category belongs to."""
        bases = list(KnowledgeBase.objects.all()[:2])
        if len(bases) == 1:
            self.fields["knowledge_base"].widget = forms.HiddenInput()
            self.initial.setdefault("knowledge_base", bases[0].pk)
        elif "category" in self.fields:
            category = cast("forms.ModelChoiceField[Category]", self.fields["category"])
            category.queryset = Category.objects.select_related("knowledge_base")
            category.label_from_instance = lambda row: f"{row.knowledge_base}: {row.name}"  # type: ignore[assignment,method-assign]
