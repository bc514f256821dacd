"""When a base was surveyed, so that edits count too; and which entries have a language of their own, for a quick look."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("knowledge", "0004_passages_of_the_whole")]
    operations = [
        migrations.AddField("knowledgebase", "surveyed_at", models.DateTimeField(editable=False, null=True)),
        migrations.AddIndex(
            "entry",
            models.Index(
                fields=["knowledge_base", "language"],
                name="entry_own_language",
                condition=models.Q(("status", "published"), models.Q(("language", ""), _negated=True)),
            ),
        ),
    ]
