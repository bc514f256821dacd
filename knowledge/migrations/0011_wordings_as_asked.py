"""Wordings are embedded as asked, with a question mark at their end.

All published entries get a new content hash and are indexed again; until they are, they wait as after an edit.
"""

from django.db import migrations

from knowledge.passages import content_hash

BATCH = 200


def stamp(apps, schema_editor):
    model = apps.get_model("knowledge", "Entry")
    entries = model.objects.filter(status="published").prefetch_related("phrasings").order_by("pk")
    batch = []
    for entry in entries.iterator(BATCH):
        phrasings = sorted(entry.phrasings.all(), key=lambda phrasing: phrasing.position)
        entry.content_hash = content_hash(entry.question, entry.answer, [phrasing.text for phrasing in phrasings])
        batch.append(entry)
        if len(batch) == BATCH:
            model.objects.bulk_update(batch, ["content_hash"])
            batch.clear()
    model.objects.bulk_update(batch, ["content_hash"])


class Migration(migrations.Migration):
    dependencies = [("knowledge", "0010_golden_lost")]
    operations = [migrations.RunPython(stamp, migrations.RunPython.noop, elidable=True)]
