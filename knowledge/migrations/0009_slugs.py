"""Entries get the name of their page in the help centre. The rule as it was when this was written."""

from django.db import migrations
from django.utils.text import slugify

BATCH = 500


def fill(apps, schema_editor):
    entries = apps.get_model("knowledge", "Entry").objects
    batch = []
    for entry in entries.filter(slug="").only("pk", "question").iterator(chunk_size=BATCH):
        words = slugify(entry.question, allow_unicode=True)
        if len(words) > 60:
            words = words[:61].rpartition("-")[0] or words[:60]
        entry.slug = "-".join(filter(None, (words, entry.pk.hex[-6:])))
        batch.append(entry)
        if len(batch) == BATCH:
            entries.bulk_update(batch, ["slug"])
            batch = []
    entries.bulk_update(batch, ["slug"])


class Migration(migrations.Migration):
    dependencies = [("knowledge", "0008_help_centre")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
