"""Static files through the ASGI handler: no blocking streams, the right headers, and everything else passed on."""

from pathlib import Path

import pytest
from django.core.management import call_command
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client
from pytest_django import Settings

from config.static_files import StaticFilesMiddleware

ICON = "candor/icon.svg"


@pytest.fixture(autouse=True)
def _uncollected(settings: Settings) -> None:
    """Files are served from where they are written, as in `make run`."""
    settings.WHITENOISE_USE_FINDERS = settings.WHITENOISE_AUTOREFRESH = True


async def test_a_file_comes_whole_with_its_type_and_no_warning(async_client: AsyncClient) -> None:
    reply = await async_client.get(f"/static/{ICON}")
    assert reply.status_code == 200
    assert not reply.streaming
    assert reply["Content-Type"] == "image/svg+xml"
    assert b"<svg" in reply.content


async def test_a_file_the_browser_has_is_not_sent_again(async_client: AsyncClient) -> None:
    known = (await async_client.get(f"/static/{ICON}"))["Last-Modified"]
    reply = await async_client.get(f"/static/{ICON}", headers={"If-Modified-Since": known})
    assert (reply.status_code, reply.content) == (304, b"")


async def test_what_is_no_file_is_passed_on(async_client: AsyncClient) -> None:
    assert (await async_client.get("/livez")).content == b"ok"
    assert (await async_client.get("/static/../manage.py")).status_code == 404


def test_a_part_of_a_file_can_be_asked_for(client: Client) -> None:
    reply = client.get(f"/static/{ICON}", headers={"Range": "bytes=0-3"})
    assert (reply.status_code, reply.content) == (206, b"<svg")


def test_collected_files_are_hashed_compressed_and_kept_for_ever(tmp_path: Path, settings: Settings) -> None:
    settings.STATIC_ROOT = tmp_path
    settings.WHITENOISE_AUTOREFRESH = settings.WHITENOISE_USE_FINDERS = False
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }
    call_command("collectstatic", interactive=False, verbosity=0)
    (hashed,) = tmp_path.glob("candor/site.*.css")
    middleware = StaticFilesMiddleware(lambda _: HttpResponse("passed on"))
    request = HttpRequest()
    request.method, request.path_info = "GET", f"/static/candor/{hashed.name}"
    request.META["HTTP_ACCEPT_ENCODING"] = "gzip"
    reply = middleware(request)
    assert isinstance(reply, HttpResponse)
    assert "immutable" in reply["Cache-Control"]
    assert reply["Content-Encoding"] == "gzip"


def test_the_head_of_a_file_has_no_body(client: Client) -> None:
    reply = client.head(f"/static/{ICON}")
    assert (reply.status_code, reply.content) == (200, b"")
