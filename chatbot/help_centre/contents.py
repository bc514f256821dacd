"""What the help centre shows, read with a number of queries that does not grow with it."""

import uuid
from collections import defaultdict
from dataclasses import dataclass, field

from django.conf import settings
from django.db.models import Count, F, Q, QuerySet, Window
from django.db.models.functions import RowNumber
from django.urls import reverse
from django.utils.text import slugify

from chatbot.models import Assistant
from knowledge.models import Category, Entry, KnowledgeBase

FIRST_ENTRIES = 8
MOST_ENTRIES = 500
MOST_RELATED = 5


@dataclass
class Shelf:
    """A category, or what has none, with its first entries; `total` counts all of them."""

    title: str
    url: str
    total: int
    entries: list[Entry] = field(default_factory=list)

    @property
    def has_more(self) -> bool:
        """Whether there are entries that are not listed."""
        return self.total > len(self.entries)


def bases() -> list[KnowledgeBase]:
    """Return the knowledge bases in the help centre, by name."""
    return list(KnowledgeBase.objects.filter(help_centre=True))


def entries() -> QuerySet[Entry]:
    """Return the entries that anybody may read at this moment."""
    return Entry.objects.answerable().filter(knowledge_base__help_centre=True)


def entry_called(slug: str) -> Entry | None:
    """Return the entry of an address; None where there is none to read."""
    found = entries().select_related("category", "knowledge_base")
    try:
        return found.filter(Q(slug=slug) | Q(pk=uuid.UUID(hex=slug))).first()
    except ValueError:
        return found.filter(slug=slug).first()


def category_called(name: str) -> Category | None:
    """Return the category of an address, whatever it was called when the address was made."""
    own = name.rpartition("-")[2]
    found = Category.objects.filter(knowledge_base__help_centre=True).select_related("knowledge_base")
    return next((category for category in found if category.pk.hex[-6:] == own), None)


def shelves(base: KnowledgeBase, title_of_others: str) -> list[Shelf]:
    """Return a base's categories in their order with the first entries of each, and last what has no category."""
    mine = entries().filter(knowledge_base=base)
    totals = dict(mine.order_by().values_list("category").annotate(n=Count("pk")))
    place = Window(RowNumber(), partition_by=F("category"), order_by=("created_at", "pk"))
    first: dict[uuid.UUID | None, list[Entry]] = defaultdict(list)
    for entry in mine.annotate(place=place).filter(place__lte=FIRST_ENTRIES).order_by("created_at", "pk"):
        first[entry.category_id].append(entry)
    categories = [c for c in base.categories.all() if c.pk in totals]
    found = [Shelf(c.name, category_url(c), totals[c.pk], first[c.pk]) for c in categories]
    if None in totals:
        found.append(Shelf(title_of_others if categories else "", others_url(base), totals[None], first[None]))
    return found


def entries_of(category: Category | None, base: KnowledgeBase) -> list[Entry]:
    """Return a category's entries, or those of a base that have none, in the order in which they were written."""
    return list(entries().filter(knowledge_base=base, category=category).order_by("created_at", "pk")[:MOST_ENTRIES])


def related_to(entry: Entry) -> list[Entry]:
    """Return a few entries of the same category."""
    if entry.category_id is None:
        return []
    others = entries().filter(category_id=entry.category_id).exclude(pk=entry.pk)
    return list(others.order_by("created_at", "pk")[:MOST_RELATED])


def assistant_for(base_ids: list[uuid.UUID]) -> Assistant | None:
    """Return an assistant that answers from one of these bases: the default one first."""
    found = Assistant.objects.filter(knowledge_bases__in=base_ids).order_by("-is_default", "created_at")
    return found.first()


def entry_url(entry: Entry) -> str:
    """Return where an entry is read; it stays when the entry is edited."""
    return reverse("help:entry", args=[entry.slug or entry.pk.hex])


def category_url(category: Category) -> str:
    """Return where a category is read; the last six characters tell which one it is."""
    words = slugify(category.name, allow_unicode=True)[:60]
    return reverse("help:category", args=["-".join(filter(None, (words, category.pk.hex[-6:])))])


def others_url(base: KnowledgeBase) -> str:
    """Return where a base's entries without a category are read."""
    return reverse("help:others", args=[base.slug])


def absolute(path: str) -> str:
    """Return an address of ours in full."""
    return settings.SITE_URL + path
