"""The group of those who read conversations.

Permissions are otherwise made after all migrations, so those that the group needs are made here.
"""

from django.db import migrations

GROUP = "Staff"
VIEWED = {
    "chatbot": ("assistant", "conversation", "message", "citation"),
    "knowledge": ("entry",),
}


def add_group(apps, schema_editor):
    group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=GROUP)
    for app_label, models in VIEWED.items():
        for model in models:
            content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
                app_label=app_label, model=model
            )
            permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
                content_type=content_type, codename=f"view_{model}", defaults={"name": f"Can view {model}"}
            )
            group.permissions.add(permission)


def remove_group(apps, schema_editor):
    apps.get_model("auth", "Group").objects.filter(name=GROUP).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("chatbot", "0001_initial"),
        ("knowledge", "0002_groups"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(add_group, remove_group)]
