"""Origins of websites: how they are written down, and whether a list of them lets one in. Pure functions.

An origin is scheme, host and, where it is not the scheme's own, port (RFC 6454). A first label of `*` stands for any
number of labels, as in a Content-Security-Policy.
"""

import ipaddress
import re
from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

import idna

MOST_ORIGINS = 50
_PORTS = {"http": 80, "https": 443}
_PORT = re.compile(r":[0-9]*$")


class OriginError(ValueError):
    """The text is no origin that may be allowed; the message says why and what to write instead."""


def parse_origins(text: str) -> list[str]:
    """Return the origins of a text with one per line, normalised, in order, each once; raises OriginError."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    origins = list(dict.fromkeys(parse_origin(line) for line in lines))
    if len(origins) > MOST_ORIGINS:
        raise OriginError(f"These are {len(origins)} origins, and {MOST_ORIGINS} is the most: use a wildcard.")
    return origins


def parse_origin(text: str) -> str:
    """Return an origin as a browser would name it: `https://xn--bcher-kva.example:8443`; raises OriginError.

    Without a scheme https is meant. The host may begin with `*.`.
    """
    if text.strip() in ("*", "*://*", "https://*", "http://*", "https://*:*"):
        raise OriginError(
            "* would let any website use this assistant and its budget. Name each site, or https://*.example.com."
        )
    if text.strip().lower() == "null":
        raise OriginError("null is what files and sandboxed frames call themselves: everybody could. Name a website.")
    url = _split(text)
    if url.path not in ("", "/") or url.query or url.fragment:
        raise OriginError(f"“{text}” has a path. Only the site counts: {url.scheme}://{url.netloc}")
    return _join(url.scheme, _host(url.hostname or "", text), _port(url, text))


def origin_of(url: str) -> str | None:
    """Return the origin of an address, for instance of a Referer; None for what has none, `null` among them."""
    try:
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname or "*" in parts.hostname:
            return None
        return _join(parts.scheme, _host(parts.hostname, url), parts.port)
    except ValueError:
        return None


def allows(allowed: Iterable[str], origin: str) -> bool:
    """Tell whether one of the normalised origins is this one, or covers it with its wildcard."""
    return any(origin == one or ("://*." in one and _covers(one, origin)) for one in allowed)


def _covers(wildcard: str, origin: str) -> bool:
    scheme, _, rest = wildcard.partition("://*")
    own_scheme, _, own_rest = origin.partition("://")
    return scheme == own_scheme and own_rest.endswith(rest) and len(own_rest) > len(rest)


def _split(text: str) -> SplitResult:
    text = text.strip()
    try:
        url = urlsplit(text if "://" in text else f"https://{text}")
        _ = url.port
    except ValueError:
        raise OriginError(f"“{text}” is no website. Write it like https://www.example.com") from None
    if url.scheme not in _PORTS:
        raise OriginError(f"“{text}” begins with {url.scheme}:. Only https: and http: can be allowed.")
    if url.username is not None or url.password is not None or not url.hostname or re.search(r"[\s,;'\"]", text):
        raise OriginError(f"“{text}” is no website. Write one a line, like https://www.example.com")
    return url


def _host(host: str, text: str) -> str:
    star, name = ("*.", host[2:]) if host.startswith("*.") else ("", host)
    if "*" in name:
        raise OriginError(f"In “{text}” the * stands where it cannot: only as the first part, https://*.example.com")
    if star and ("." not in name or _is_address(name)):
        raise OriginError(f"“{text}” would cover too much. A wildcard needs a domain: https://*.example.com")
    return star + _ascii(name, text)


def _ascii(name: str, text: str) -> str:
    if _is_address(name):
        address = ipaddress.ip_address(name)
        return f"[{address}]" if isinstance(address, ipaddress.IPv6Address) else str(address)
    try:
        return idna.encode(name.rstrip("."), uts46=True).decode()
    except idna.IDNAError:
        raise OriginError(f"“{text}” has no proper host name. Write it like https://www.example.com") from None


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _port(url: SplitResult, text: str) -> int | None:
    if url.port == 0 or (_PORT.search(url.netloc) and url.port is None):
        raise OriginError(f"“{text}” ends with a port that is none. Leave it out, or write it like :8443")
    return url.port


def _join(scheme: str, host: str, port: int | None) -> str:
    return f"{scheme}://{host}" + (f":{port}" if port and port != _PORTS[scheme] else "")
