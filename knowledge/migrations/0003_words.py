"""The words of published entries, filled from those there are.

How words are counted is shared with today's code: these rows are no record, they can be made again at any time.
"""

import django.db.models.deletion
from django.db import migrations, models

from knowledge.lexical.counting import count_words

BATCH = 200


def fill(apps, schema_editor):
    posting = apps.get_model("knowledge", "Posting")
    entries = apps.get_model("knowledge", "Entry").objects.filter(status="published")
    rows = []
    for entry in entries.select_related("knowledge_base").prefetch_related("phrasings").iterator(BATCH):
        asked = [entry.question, *(phrasing.text for phrasing in entry.phrasings.all())]
        language = entry.language or entry.knowledge_base.language
        for word, count, length in count_words(entry.knowledge_base_id, language, asked, entry.answer):
            rows.append(posting(word=word, entry_id=entry.pk, count=count, length=length))
        if len(rows) > 10_000:
            posting.objects.bulk_create(rows, batch_size=2_000)
            rows.clear()
    posting.objects.bulk_create(rows, batch_size=2_000)


class Migration(migrations.Migration):
    dependencies = [("knowledge", "0002_groups")]
    operations = [
        migrations.CreateModel(
            name="Posting",
            fields=[
                ("pk", models.CompositePrimaryKey("word", "entry", blank=True, editable=False, primary_key=True, serialize=False)),
                ("word", models.BigIntegerField()),
                ("count", models.PositiveSmallIntegerField()),
                ("length", models.PositiveIntegerField()),
                ("entry", models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="knowledge.entry")),
            ],
        ),
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
    ]
