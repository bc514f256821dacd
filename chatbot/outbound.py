"""Requests that somebody's words make us send: a webhook, a look at a customer's page. Bounded, and never inward.

The address is looked up once, every answer must be public, and the connection goes to the address that was looked at:
a name that changes its mind in between gains nothing. Redirects are not followed.
"""

import http.client
import ipaddress
import socket
import ssl
import time
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

TIMEOUT_S = 5.0
TOTAL_S = 15.0
MAX_BYTES = 2_000_000
_CHUNK = 65_536
AGENT = "Candor"


class TargetError(ValueError):
    """Nothing may be sent to this address; the message says why."""


class UnreachableError(Exception):
    """The other side did not answer, or not properly; the message says how."""


@dataclass(frozen=True)
class Answer:
    """What came back: `headers` with names in small letters, `body` cut at the most that was asked for."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> list[str]:
        """Return all values of a header."""
        return [value for known, value in self.headers if known == name.lower()]


def check_target(url: str) -> SplitResult:
    """Return the parts of an address that may be asked as far as its words tell; raises TargetError. Asks no server."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise TargetError("This is no address. Write it like https://hooks.example.com/candor") from None
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise TargetError("Write the address with https:// and a host, like https://hooks.example.com/candor")
    if parts.username is not None or parts.password is not None:
        raise TargetError("Leave user and password out of the address: they would stand in every log.")
    host = parts.hostname.rstrip(".").lower()
    if _is_ours(host):
        return parts
    if host == "localhost" or host.endswith((".localhost", ".local", ".internal", ".lan", ".home.arpa")):
        raise TargetError(f"{host} is in a private network. {_HOW}")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return parts
    _refuse_private(address, host)
    return parts


def send(
    url: str,
    *,
    method: str = "GET",
    body: bytes = b"",
    headers: dict[str, str] | None = None,
    max_bytes: int = MAX_BYTES,
) -> Answer:
    """Ask once and return the answer, whatever its status; raises TargetError and UnreachableError.

    At most 5 s for each step and 15 s for the body. No redirect is followed, nothing is decompressed.
    """
    parts = check_target(url)
    address = _public_address(parts)
    connection = _connection(parts, address)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    ends = time.monotonic() + TOTAL_S
    try:
        connection.request(method, path, body or None, {"User-Agent": AGENT, **(headers or {})})
        response = connection.getresponse()
        found = tuple((name.lower(), value) for name, value in response.getheaders())
        return Answer(response.status, found, _read(response, max_bytes, ends))
    except ssl.SSLError as error:
        raise UnreachableError(f"{parts.hostname} has no valid certificate: {error.reason}.") from error
    except TimeoutError as error:
        raise UnreachableError(f"{parts.hostname} did not answer within {TOTAL_S:g} s.") from error
    except (OSError, http.client.HTTPException, UnicodeError, ValueError) as error:
        raise UnreachableError(f"{parts.hostname} did not answer: {error}.") from error
    finally:
        connection.close()


def _read(response: http.client.HTTPResponse, max_bytes: int, ends: float) -> bytes:
    read = bytearray()
    while len(read) < max_bytes:
        if time.monotonic() > ends:
            raise TimeoutError
        piece = response.read1(min(_CHUNK, max_bytes - len(read)))
        if not piece:
            break
        read += piece
    return bytes(read)


_HOW = "Nothing is sent there unless whoever runs this server names it in OUTBOUND_PRIVATE_HOSTS."


def _is_ours(host: str) -> bool:
    return host in settings.OUTBOUND_PRIVATE_HOSTS


def _refuse_private(address: ipaddress.IPv4Address | ipaddress.IPv6Address, host: str) -> None:
    mapped = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None)
    if not address.is_global or address.is_multicast or (mapped and not mapped.is_global):
        raise TargetError(f"{host} leads to {address}, which is in a private network. {_HOW}")


def _public_address(parts: SplitResult) -> str:
    host, port = str(parts.hostname), parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise UnreachableError(f"There is no server called {host}.") from error
    addresses = [str(info[4][0]) for info in found]
    if not _is_ours(host.rstrip(".").lower()):
        for text in addresses:
            _refuse_private(ipaddress.ip_address(text.split("%")[0]), host)
    return addresses[0]


def _connection(parts: SplitResult, address: str) -> http.client.HTTPConnection:
    host, port = str(parts.hostname), parts.port
    if parts.scheme == "http":
        return _Plain(host, port, address)
    return _Secure(host, port, address)


class _Plain(http.client.HTTPConnection):
    """Speaks to `host` at an address that was looked at before."""

    def __init__(self, host: str, port: int | None, address: str) -> None:
        super().__init__(host, port, timeout=TIMEOUT_S)
        self._address = address

    def connect(self) -> None:
        """Connect to the address and not to the name."""
        self.sock = socket.create_connection((self._address, self.port), TIMEOUT_S)


class _Secure(http.client.HTTPSConnection):
    """The same by TLS; the certificate must be the name's."""

    def __init__(self, host: str, port: int | None, address: str) -> None:
        self._trust = ssl.create_default_context()
        super().__init__(host, port, timeout=TIMEOUT_S, context=self._trust)
        self._address = address

    def connect(self) -> None:
        """Connect to the address, and have the name proved."""
        plain = socket.create_connection((self._address, self.port), TIMEOUT_S)
        self.sock = self._trust.wrap_socket(plain, server_hostname=self.host)
