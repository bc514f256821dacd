"""One installation for all browser tests, served with no model, with a scripted one, and with its search broken.

Every page is watched: a script's error, a blocked resource or a request to elsewhere fails the test it happened in.
"""

import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.hosts import Guest, HostSite, hosting
from tests.browser.people import Visitor
from tests.browser.product import House, furnished_house, served
from tests.chatbot.model_server import ModelServer, says, serving
from tests.conftest import free_port

Visit = Callable[..., Visitor]
Welcome = Callable[..., Guest]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a browser, and therefore the product's processes."""
    for item in items:
        if {"visit", "welcome"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.processes)


@pytest.fixture(scope="package")
def chromium(browser_type_launch_args: dict[str, Any]) -> Iterator[Browser]:
    """One Chromium for this package; its event loop ends with it, so that tests elsewhere may have theirs."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**browser_type_launch_args)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def house(chromium: Browser, chroma_url: str) -> Iterator[House]:
    """The installation; it asks for Chromium so that nothing is set up where there is none."""
    with (
        tempfile.TemporaryDirectory(prefix="candor-browser-", ignore_cleanup_errors=True) as folder,
        furnished_house(Path(folder), chroma_url) as furnished,
    ):
        yield furnished


@pytest.fixture(scope="package")
def site(house: House) -> Iterator[str]:
    """The product without a model: it quotes."""
    with served(house) as url:
        yield url


@pytest.fixture(scope="package")
def model_server() -> Iterator[ModelServer]:
    """A model to be scripted; tests take `model`."""
    with serving(says("Nothing yet.")) as server:
        yield server


@pytest.fixture(scope="package")
def written_site(house: House, model_server: ModelServer) -> Iterator[str]:
    """The same installation with a model configured: it writes."""
    settings = {"CHAT_MODEL": "scripted", "OPENAI_BASE_URL": model_server.url, "OPENAI_API_KEY": "none"}
    with served(house, **settings) as url:
        yield url


@pytest.fixture(scope="package")
def broken_site(house: House) -> Iterator[str]:
    """The same installation whose questions cannot be embedded, so that nothing can be looked up."""
    settings = {"EMBEDDING_MODEL": "openai:none", "EMBEDDING_BASE_URL": "http://127.0.0.1:9/v1"}
    with served(house, **settings) as url:
        yield url


@pytest.fixture
def model(model_server: ModelServer) -> ModelServer:
    """The scripted model with nothing asked yet: set its `script`."""
    model_server.requests.clear()
    return model_server


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Visit]:
    """Opens a site as somebody new, with a browser of these properties; at the end nothing may have gone wrong."""
    visitors: list[Visitor] = []

    def open_as(site: str, **context: Any) -> Visitor:
        visitor = Visitor(chromium.new_context(base_url=site, **context), site)
        visitors.append(visitor)
        return visitor

    yield open_as
    troubles = [trouble for visitor in visitors for trouble in visitor.leave()]
    assert troubles == []


@pytest.fixture(scope="package")
def host(house: House) -> Iterator[HostSite]:
    """A website that may show the demo's assistant."""
    with hosting(house.host_port) as site:
        yield site


@pytest.fixture(scope="package")
def stranger() -> Iterator[HostSite]:
    """A website that may not."""
    with hosting(free_port()) as site:
        yield site


@pytest.fixture
def welcome(chromium: Browser) -> Iterator[Welcome]:
    """Opens a browser of these properties for somebody on a website; at the end nothing may have gone wrong in it."""
    guests: list[Guest] = []

    def open_as(browser: Browser = chromium, **context: Any) -> Guest:
        guests.append(Guest(browser, **context))
        return guests[-1]

    yield open_as
    troubles = [trouble for guest in guests for trouble in guest.leave()]
    assert troubles == []


@pytest.fixture
def key(house: House) -> str:
    """The demo's assistant."""
    return house.keys["Larkmoor Cycles"]


@pytest.fixture
def shop(site: str, host: HostSite, key: str) -> str:
    """A page of a website with the snippet."""
    return host.put_widget(site, key)


@pytest.fixture
def gate() -> Iterator[threading.Semaphore]:
    """Each release lets the model go on by one part; at the end it may run, so that it never hangs."""
    gate = threading.Semaphore(0)
    yield gate
    gate.release(10)
