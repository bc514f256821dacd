"""What the staff group may do at the desk. Through it they correct the knowledge; the admin's entries stay editors'.

Permissions are otherwise made after all migrations, so those that the group needs are made here.
"""

from django.db import migrations

GROUP = "Staff"
PERMISSIONS = {
    ("review", "reviewitem", "item"): ("view", "change"),
    ("review", "auditevent", "audit event"): ("view",),
    ("knowledge", "goldenquestion", "golden question"): ("view",),
}


def allow(apps, schema_editor):
    group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=GROUP)
    for (app_label, model, verbose), actions in PERMISSIONS.items():
        content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
            app_label=app_label, model=model
        )
        for action in actions:
            permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
                content_type=content_type,
                codename=f"{action}_{model}",
                defaults={"name": f"Can {action} {verbose}"},
            )
            group.permissions.add(permission)


class Migration(migrations.Migration):
    dependencies = [
        ("review", "0001_initial"),
        ("chatbot", "0002_groups"),
        ("knowledge", "0007_golden_permissions"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(allow, migrations.RunPython.noop)]
