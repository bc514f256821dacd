"""Who may do what at the desk: one place for it. What somebody may not see does not exist for them (404)."""

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.vary import vary_on_headers

from chatbot.models import Assistant, Conversation
from chatbot.reading import readable_assistants, readable_conversations
from knowledge.requests import HtmxHttpRequest
from review.models import Fix, ReviewItem

MAY_LOOK, MAY_WORK = "review.view_reviewitem", "review.change_reviewitem"
View = Callable[..., HttpResponse]


def desk(permission: str = MAY_LOOK) -> Callable[[View], View]:
    """Let a view be used by signed-in staff with a permission; nothing of it is kept by browsers."""

    def protect(view: View) -> View:
        @wraps(view)
        def protected(request: HtmxHttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not (request.user.is_staff and request.user.has_perm(permission)):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return cast(View, never_cache(vary_on_headers("HX-Request")(protected)))

    return protect


def person(request: HtmxHttpRequest) -> User:
    """Return who is signed in; only behind `desk`."""
    return cast(User, request.user)


def assistants_of(user: User) -> list[Assistant]:
    """Return the assistants whose conversations somebody may read, by name, knowledge bases loaded."""
    return list(readable_assistants(user).prefetch_related("knowledge_bases").order_by("name"))


def item_for(user: User, item_id: uuid.UUID) -> ReviewItem:
    """Return an item that somebody may see; Http404."""
    items = ReviewItem.objects.select_related("assistant", "assigned_to", "locked_by", "closed_by")
    item = items.filter(pk=item_id, assistant__in=readable_assistants(user).order_by().values("pk")).first()
    if item is None:
        raise Http404("There is no such item.")
    return item


def fix_for(user: User, fix_id: uuid.UUID) -> Fix:
    """Return a fix that somebody may see; Http404."""
    fixes = Fix.objects.select_related("assistant", "entry", "item", "author")
    fix = fixes.filter(pk=fix_id, assistant__in=readable_assistants(user).order_by().values("pk")).first()
    if fix is None:
        raise Http404("There is no such fix.")
    return fix


def conversation_for(user: User, conversation_id: uuid.UUID) -> Conversation:
    """Return a conversation that somebody may read; Http404."""
    found = readable_conversations(user).select_related("assistant").filter(pk=conversation_id).first()
    if found is None:
        raise Http404("There is no such conversation.")
    return found
