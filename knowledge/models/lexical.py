"""Which words the published entries have. All of it can be made again from the entries."""

from django.db import models

from knowledge.models.content import Entry


class Posting(models.Model):
    """How often a published entry has a word; `word` is a number made of the knowledge base and the word.

    Every entry has the empty word once: those rows tell how many entries a base has and how long they are.
    """

    pk = models.CompositePrimaryKey("word", "entry")
    word = models.BigIntegerField()
    # Removed by the services that delete entries: Django would load every row first, and the admin list each of them. A
    # row that is left behind does no harm, for what is found is looked up among the entries.
    entry = models.ForeignKey(Entry, models.DO_NOTHING, related_name="+", db_constraint=False)
    count = models.PositiveSmallIntegerField()
    # Words of the entry, repeated on each of its rows so that a search reads one table.
    length = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.word} in {self.entry_id}"
