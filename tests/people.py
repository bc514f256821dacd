"""Who signs in to the admin in tests: each is a member of the staff, and what they may do comes from their groups."""

from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from chatbot.models import Assistant
from chatbot.reading import STAFF

# What migrations let the staff group do, as far as tests with transactions of their own need it.
STAFF_MAY = (
    *(f"view_{name}" for name in ("assistant", "conversation", "message", "citation", "entry", "contactrequest")),
    *(f"view_{name}" for name in ("reviewitem", "auditevent", "goldenquestion", "labelledexample")),
    "change_reviewitem",
)


def make_person(name: str, *groups: str) -> User:
    """A person who may open the admin and belongs to `groups`."""
    person = User.objects.create_user(name, is_staff=True)
    person.groups.set(Group.objects.filter(name__in=groups))
    return person


def let_read(assistant: Assistant, group: str = STAFF) -> None:
    """Let a group's members read what an assistant's visitors say."""
    assistant.readers.add(staff_group() if group == STAFF else Group.objects.get(name=group))


def staff_group() -> Group:
    """The group of those who read conversations; made again where a test with transactions has emptied it."""
    group, is_new = Group.objects.get_or_create(name=STAFF)
    if is_new:
        group.permissions.set(Permission.objects.filter(codename__in=STAFF_MAY))
    return group


def client_of(person: User) -> Client:
    """The person's browser, signed in."""
    client = Client()
    client.force_login(person)
    return client


def editor_client(name: str = "edith") -> Client:
    """The browser of somebody who keeps the knowledge base."""
    return client_of(make_person(name, "Editors"))


def staff_client(name: str = "stan") -> Client:
    """The browser of somebody who reads conversations."""
    return client_of(make_person(name, "Staff"))


def nobody_client(name: str = "nora") -> Client:
    """The browser of somebody who may open the admin and nothing in it."""
    return client_of(make_person(name))
