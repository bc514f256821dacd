"""Whoever could read conversations before goes on reading those of the assistants that are there."""

from django.db import migrations
from django.db.models import Q


def grant(apps, schema_editor):
    Group = apps.get_model("auth", "Group")
    reading = Q(permissions__codename="view_conversation", permissions__content_type__app_label="chatbot")
    groups = list(Group.objects.filter(reading | Q(name="Staff")).distinct())
    for assistant in apps.get_model("chatbot", "Assistant").objects.all():
        assistant.readers.set(groups)


class Migration(migrations.Migration):
    dependencies = [("chatbot", "0009_privacy"), ("chatbot", "0002_groups")]
    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
