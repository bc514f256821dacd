"""What is done to a knowledge base as a whole."""

from django.db import transaction

from knowledge.lexical import index_words
from knowledge.models import Entry, KnowledgeBase

BATCH = 200


def change_language(base: KnowledgeBase, language: str) -> int:
    """Set the language of a base, and stem the words of its entries anew; returns how many entries that were.

    Entries with a language of their own stay as they are.
    """
    with transaction.atomic():
        KnowledgeBase.objects.filter(pk=base.pk).update(language=language)
        base.language = language
        inheriting = Entry.objects.filter(knowledge_base=base, language="", status=Entry.Status.PUBLISHED)
        # Locked before they are read, so that words never come from a text that an editor has just replaced.
        locked = inheriting.order_by("pk").select_for_update(of=("self",))
        rows = list(locked.select_related("knowledge_base").prefetch_related("phrasings"))
        for start in range(0, len(rows), BATCH):
            batch = rows[start : start + BATCH]
            index_words([(entry, [p.text for p in entry.phrasings.all()]) for entry in batch])
    return len(rows)
