"""The passage of an entry as a whole has its phrasings too, and a base what its entries are like as a whole.

The entries are stamped anew by migration 0011, for all that came since.
"""

from django.db import migrations, models

class Migration(migrations.Migration):
    dependencies = [("knowledge", "0003_words")]
    operations = [
        migrations.AddField("knowledgebase", "crowding", models.FloatField(editable=False, null=True)),
        migrations.AddField("knowledgebase", "cohesion", models.FloatField(editable=False, null=True)),
        migrations.AddField("knowledgebase", "surveyed_entries", models.PositiveIntegerField(default=0, editable=False)),
        migrations.AddField("knowledgebase", "calibration_slope", models.FloatField(default=1.0, editable=False)),
        migrations.AddField("knowledgebase", "calibration_offset", models.FloatField(default=0.0, editable=False)),
    ]
