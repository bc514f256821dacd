"""Staff read what visitors labelled by choosing from "Did you mean …?".

Permissions are otherwise made after all migrations, so that which the group needs is made here.
"""

from django.db import migrations

GROUP = "Staff"


def allow(apps, schema_editor):
    group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=GROUP)
    content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label="chatbot", model="labelledexample"
    )
    permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
        content_type=content_type,
        codename="view_labelledexample",
        defaults={"name": "Can view labelled example"},
    )
    group.permissions.add(permission)


class Migration(migrations.Migration):
    dependencies = [
        ("chatbot", "0005_instructions_help"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(allow, migrations.RunPython.noop)]
