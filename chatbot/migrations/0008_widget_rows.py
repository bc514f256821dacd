"""Each assistant gets secrets of its own, the texts that were ours become empty, and staff read contact requests.

Permissions are otherwise made after all migrations, so those that the group needs are made here.
"""

import secrets

from django.db import migrations

GROUP = "Staff"
ALLOWED = {
    "contactrequest": ("contact request", ("view", "change")),
    "delivery": ("delivery", ("view",)),
    "helpvote": ("help vote", ("view",)),
}
OURS = {
    "greeting": "Hello! What would you like to know?",
    "no_answer_text": "I don't have an answer to that.",
}


def fill(apps, schema_editor):
    assistants = apps.get_model("chatbot", "Assistant").objects
    for assistant in assistants.all():
        # A default is computed once for all rows of a table.
        assistant.identity_secret, assistant.webhook_secret = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        assistant.save(update_fields=["identity_secret", "webhook_secret"])
    for name, text in OURS.items():
        assistants.filter(**{name: text}).update(**{name: ""})


def allow(apps, schema_editor):
    group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=GROUP)
    for model, (words, actions) in ALLOWED.items():
        content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
            app_label="chatbot", model=model
        )
        for action in actions:
            permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
                content_type=content_type, codename=f"{action}_{model}", defaults={"name": f"Can {action} {words}"}
            )
            group.permissions.add(permission)


class Migration(migrations.Migration):
    dependencies = [
        ("chatbot", "0007_widget"),
        ("chatbot", "0002_groups"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.RunPython(allow, migrations.RunPython.noop),
    ]
