"""The passage of an entry as a whole has its phrasings too, and a base what its entries are like as a whole.

All published entries get a new content hash and are indexed again: their texts are embedded as far as they are new.
"""

from django.db import migrations, models

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
    dependencies = [("knowledge", "0003_words")]
    operations = [
        migrations.AddField("knowledgebase", "crowding", models.FloatField(editable=False, null=True)),
        migrations.AddField("knowledgebase", "cohesion", models.FloatField(editable=False, null=True)),
        migrations.AddField("knowledgebase", "surveyed_entries", models.PositiveIntegerField(default=0, editable=False)),
        migrations.AddField("knowledgebase", "calibration_slope", models.FloatField(default=1.0, editable=False)),
        migrations.AddField("knowledgebase", "calibration_offset", models.FloatField(default=0.0, editable=False)),
        migrations.RunPython(stamp, migrations.RunPython.noop, elidable=True),
    ]
