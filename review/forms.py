"""What reviewers type: read leniently where it is an address, strictly where it is stored."""

from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError

from knowledge.models import Entry, GoldenQuestion, KnowledgeBase
from knowledge.redaction import redact
from knowledge.texts import LIMITS, TextError, clean
from review.fixing import Correction
from review.models import Fix, ReviewItem, SavedFilter

NOTE = 4_000
# In a line: it is kept with the version in the entry's history.
REASON = 70


class CleanText(forms.CharField):
    """Text as it is stored: printable, trimmed, within its limit; with every mistake named."""

    def __init__(self, *, limit: int, **kwargs: Any) -> None:
        self.limit = limit
        super().__init__(strip=False, **kwargs)

    def clean(self, value: Any) -> str:
        """Refuse what cannot be stored; nothing is cut."""
        try:
            return clean(super().clean(value) or "", self.limit)
        except TextError as error:
            raise ValidationError(f"This {error}") from error


class FixForm(forms.Form):
    """A correction; which fields count depends on its kind."""

    kind = forms.ChoiceField(choices=[(kind.value, kind.label) for kind in Fix.Kind if kind != Fix.Kind.SCOPE])
    entry = forms.UUIDField(required=False)
    expected_version = forms.IntegerField(required=False)
    knowledge_base = forms.ModelChoiceField(KnowledgeBase.objects.all(), required=False)
    question = CleanText(limit=LIMITS["question"], required=False)
    phrasings = forms.CharField(required=False, strip=False)
    answer = CleanText(limit=LIMITS["answer"], required=False)
    note = CleanText(limit=NOTE, required=False)
    confirmed = forms.BooleanField(required=False)
    reason = CleanText(limit=REASON, required=False)

    def clean_phrasings(self) -> list[str]:
        """One per line."""
        try:
            lines = [clean(line, LIMITS["phrasings"]) for line in self.cleaned_data["phrasings"].splitlines()]
        except TextError as error:
            raise ValidationError(f"A wording {error}") from error
        return [line for line in lines if line]

    def clean(self) -> dict[str, Any]:
        """Ask for what the kind of fix needs."""
        data = super().clean() or {}
        kind = data.get("kind")
        if kind in (Fix.Kind.EDIT, Fix.Kind.NEW):
            for name in ("question", "answer"):
                if name not in self.errors and not data.get(name):
                    self.add_error(name, f"Write the {name} first.")
        if kind in (Fix.Kind.EDIT, Fix.Kind.WORDING) and not data.get("entry"):
            self.add_error("entry", "Choose an entry first.")
        if kind == Fix.Kind.WORDING and "phrasings" not in self.errors and not data.get("phrasings"):
            self.add_error("phrasings", "Write at least one wording.")
        return data

    def correction(self) -> Correction:
        """Return what is to be saved; of a valid form."""
        data = self.cleaned_data
        base = data.get("knowledge_base")
        return Correction(
            kind=Fix.Kind(data["kind"]),
            entry_id=data["entry"],
            expected_version=data["expected_version"],
            base_id=base.pk if base else None,
            question=data["question"],
            answer=data["answer"],
            phrasings=tuple(data["phrasings"]),
            reason=data["reason"],
        )


class MarkForm(forms.Form):
    """How an item ends without a correction."""

    mark = forms.ChoiceField(choices=ReviewItem.Mark.choices)
    note = CleanText(limit=NOTE, required=False)


class FilterForm(forms.ModelForm):  # type: ignore[type-arg]
    """A view of the queue, named."""

    class Meta:
        model = SavedFilter
        fields = ("name", "query")


class GoldenForm(forms.ModelForm):  # type: ignore[type-arg]
    """A golden question: what is asked, and which entry must answer; none means that the right reply is to decline."""

    class Meta:
        model = GoldenQuestion
        fields = ("question", "entry")
        widgets = {"question": forms.Textarea(attrs={"rows": 2})}

    def __init__(self, *args: Any, base: KnowledgeBase, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.knowledge_base = base
        entry = cast("forms.ModelChoiceField[Entry]", self.fields["entry"])
        entry.queryset = Entry.objects.filter(knowledge_base=base).order_by("question")
        entry.empty_label = "Nothing: it must be declined"

    def clean_question(self) -> str:
        """Printable, within its limit, and without contact details."""
        try:
            return redact(clean(self.cleaned_data["question"], 4_000))
        except TextError as error:
            raise ValidationError(f"The question {error}") from error
