"""Knowledge bases and their categories in the admin."""

from typing import TYPE_CHECKING

from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from knowledge import services
from knowledge.models import Category, KnowledgeBase

if TYPE_CHECKING:
    BaseModelAdmin = admin.ModelAdmin[KnowledgeBase]
    CategoryModelAdmin = admin.ModelAdmin[Category]
else:
    BaseModelAdmin = CategoryModelAdmin = admin.ModelAdmin


@admin.register(KnowledgeBase)
class KnowledgeBaseAdmin(BaseModelAdmin):
    """Bodies of entries; deleting one deletes its entries and, later, its vectors."""

    list_display = ("name", "language", "entry_count", "help_centre", "created_at")
    search_fields = ("name", "slug")
    prepopulated_fields = {"slug": ("name",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[KnowledgeBase]:
        """Add the number of entries."""
        return super().get_queryset(request).annotate(entries_total=Count("entries"))

    @admin.display(description="Entries", ordering="entries_total")
    def entry_count(self, base: KnowledgeBase) -> int:
        """How many entries it has, whatever their status."""
        return int(getattr(base, "entries_total", 0))

    def save_model(self, request: HttpRequest, obj: KnowledgeBase, form: forms.ModelForm, change: bool) -> None:  # type: ignore[type-arg]
        """Save; where the language changed have the entries' words stemmed anew."""
        super().save_model(request, obj, form, change)
        if change and "language" in form.changed_data:
            services.change_language(obj, obj.language)

    def delete_model(self, request: HttpRequest, obj: KnowledgeBase) -> None:  # noqa: ARG002
        """Delete through the service."""
        services.delete_bases(KnowledgeBase.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[KnowledgeBase]) -> None:  # noqa: ARG002
        """Delete through the service."""
        services.delete_bases(queryset)


@admin.register(Category)
class CategoryAdmin(CategoryModelAdmin):
    """Headings of a knowledge base, in the order in which they are shown."""

    list_display = ("name", "knowledge_base", "position", "entry_count")
    list_filter = ("knowledge_base",)
    list_select_related = ("knowledge_base",)
    search_fields = ("name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Category]:
        """Add the number of entries."""
        return super().get_queryset(request).annotate(entries_total=Count("entries"))

    @admin.display(description="Entries", ordering="entries_total")
    def entry_count(self, category: Category) -> int:
        """How many entries stand under it, whatever their status."""
        return int(getattr(category, "entries_total", 0))
