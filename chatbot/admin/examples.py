"""Labelled examples in the admin: what visitors said they meant. They are read, and deleted where they are wrong."""

from typing import TYPE_CHECKING

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.text import Truncator

from chatbot.models import LabelledExample
from chatbot.reading import readable_assistants

if TYPE_CHECKING:
    ExampleModelAdmin = admin.ModelAdmin[LabelledExample]
else:
    ExampleModelAdmin = admin.ModelAdmin


@admin.register(LabelledExample)
class LabelledExampleAdmin(ExampleModelAdmin):
    """Questions that were not understood, each with the entry that its asker chose."""

    list_display = ("wording", "meant", "created_at")
    list_filter = ("entry__knowledge_base", "created_at")
    list_select_related = ("entry",)
    list_per_page = 100
    search_fields = ("question", "entry__question")
    fields = ("question", "entry", "created_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[LabelledExample]:
        """Those of knowledge that assistants have which this person may read."""
        mine = readable_assistants(request.user).order_by().values("knowledge_bases")
        return super().get_queryset(request).filter(entry__knowledge_base__in=mine)

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Only visitors label."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: LabelledExample | None = None) -> bool:  # noqa: ARG002
        """What they chose stays what they chose."""
        return False

    @admin.display(description="Question", ordering="question")
    def wording(self, example: LabelledExample) -> str:
        """As it was asked."""
        return Truncator(example.question).chars(120)

    @admin.display(description="Meant", ordering="entry__question")
    def meant(self, example: LabelledExample) -> str:
        """The entry that was chosen."""
        return example.entry.question
