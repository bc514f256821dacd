"""What visitors fill in beside a question."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from chatbot.models import WORDS_LENGTH, Assistant


class ContactForm(forms.Form):
    """Asks for an address where none is known, and for consent where the assistant wants it."""

    email = forms.EmailField(
        label=_("Your e-mail address"),
        widget=forms.EmailInput(attrs={"autocomplete": "email", "dir": "ltr"}),
        error_messages={"required": _("Without an address nobody can answer you.")},
    )
    words = forms.CharField(
        label=_("Anything to add? (optional)"),
        required=False,
        max_length=WORDS_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
    )
    consent = forms.BooleanField(error_messages={"required": _("Please agree first, or leave without sending.")})

    def __init__(self, *args: Any, assistant: Assistant, known_email: str, **named: Any) -> None:
        super().__init__(*args, **named)
        self.known_email = known_email
        if known_email:
            self.fields["email"].required = False
        if not assistant.consent:
            del self.fields["consent"]
