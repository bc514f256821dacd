"""The group of those who keep the knowledge base.

Permissions are otherwise made after all migrations, so those that the group needs are made here.
"""

from django.db import migrations

GROUP = "Editors"
PERMISSIONS = {
    "knowledgebase": ("view", "add", "change"),
    "category": ("view", "add", "change", "delete"),
    "entry": ("view", "add", "change", "delete"),
    "phrasing": ("view", "add", "change", "delete"),
    "historicalentry": ("view",),
}
VERBOSE = {"knowledgebase": "knowledge base", "historicalentry": "historical entry"}


def add_group(apps, schema_editor):
    group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=GROUP)
    for model, actions in PERMISSIONS.items():
        content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
            app_label="knowledge", model=model
        )
        for action in actions:
            permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
                content_type=content_type,
                codename=f"{action}_{model}",
                defaults={"name": f"Can {action} {VERBOSE.get(model, model)}"},
            )
            group.permissions.add(permission)


def remove_group(apps, schema_editor):
    apps.get_model("auth", "Group").objects.filter(name=GROUP).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("knowledge", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(add_group, remove_group)]
