"""Golden questions in the admin: what must be answered, and with what."""

from typing import TYPE_CHECKING

from django.contrib import admin
from django.utils.text import Truncator

from knowledge.models import GoldenQuestion

if TYPE_CHECKING:
    GoldenModelAdmin = admin.ModelAdmin[GoldenQuestion]
else:
    GoldenModelAdmin = admin.ModelAdmin


@admin.register(GoldenQuestion)
class GoldenQuestionAdmin(GoldenModelAdmin):
    """Questions with the entries that answer them; the thresholds of assistants are tried on these."""

    list_display = ("wording", "answered_by", "knowledge_base", "created_at")
    list_filter = ("knowledge_base", ("entry", admin.EmptyFieldListFilter))
    list_select_related = ("knowledge_base", "entry")
    list_per_page = 100
    search_fields = ("question", "entry__question")
    # A list of all would be long, and the one that searches as one types has no name to be read out.
    raw_id_fields = ("entry",)
    fields = ("knowledge_base", "question", "entry")

    @admin.display(description="Question", ordering="question")
    def wording(self, golden: GoldenQuestion) -> str:
        """As a visitor would ask."""
        return Truncator(golden.question).chars(120)

    @admin.display(description="Answered by", ordering="entry__question")
    def answered_by(self, golden: GoldenQuestion) -> str:
        """The entry, or that nothing answers it."""
        if golden.lost:
            return "Its entry was deleted"
        return golden.entry.question if golden.entry else "Nothing: to be declined"
