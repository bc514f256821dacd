"""Editors keep golden questions too.

Permissions are otherwise made after all migrations, so those that the group needs are made here.
"""

from django.db import migrations

GROUP = "Editors"
ACTIONS = ("add", "change", "delete", "view")


def allow(apps, schema_editor):
    group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=GROUP)
    content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label="knowledge", model="goldenquestion"
    )
    for action in ACTIONS:
        permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
            content_type=content_type,
            codename=f"{action}_goldenquestion",
            defaults={"name": f"Can {action} golden question"},
        )
        group.permissions.add(permission)


class Migration(migrations.Migration):
    dependencies = [
        ("knowledge", "0006_golden_questions"),
        ("knowledge", "0002_groups"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(allow, migrations.RunPython.noop)]
