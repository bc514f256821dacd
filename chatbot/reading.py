"""Who may read which conversations: members of the groups that an assistant names, and superusers."""

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, PermissionsMixin
from django.db.models import QuerySet

from chatbot.models import Assistant, Conversation

STAFF = "Staff"
"""The group that is made with the first migration, for those who read conversations."""
MAY_READ = "chatbot.view_conversation"
Person = AbstractBaseUser | AnonymousUser


def readable_assistants(person: Person) -> QuerySet[Assistant]:
    """Return the assistants whose conversations somebody may read; none without the permission."""
    if not (isinstance(person, PermissionsMixin) and person.is_active and person.has_perm(MAY_READ)):
        return Assistant.objects.none()
    if person.is_superuser:
        return Assistant.objects.all()
    return Assistant.objects.filter(readers__in=person.groups.all()).distinct()


def readable_conversations(person: Person) -> QuerySet[Conversation]:
    """Return the conversations that somebody may read."""
    return Conversation.objects.filter(assistant__in=readable_assistants(person).order_by().values("pk"))
