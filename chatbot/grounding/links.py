"""Links and e-mail addresses in the form in which they are compared."""

import re
from urllib.parse import unquote

_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_TRAILING = ".,;:!?)]}>\"'"


def link_key(kind: str, text: str) -> tuple[object, ...]:
    """Return the key of a link's text: without http or https, `www.`, a closing slash, case of the host and comment.

    A link in Markdown's brackets comes as `](target`; one to an e-mail address is that address.
    """
    url = text[2:].strip().lstrip("<") if kind == "target" else text
    url = unquote(url.rstrip(_TRAILING))
    if kind == "email" or url.lower().startswith("mailto:"):
        return ("e-mail", re.sub(r"^mailto:", "", url, flags=re.IGNORECASE).split("?")[0].casefold())
    if url.lower().startswith(("tel:", "sms:")):
        return ("digits", re.sub(r"\D", "", url))
    bare = re.sub(r"^(?:https?:)?//", "", url, flags=re.IGNORECASE)
    if bare == url and (_SCHEME.match(url) or (kind == "target" and not _looks_like_host(url))):
        return ("link", url.casefold(), "")
    host, slash, path = bare.partition("/")
    return ("link", re.sub(r"^www\.", "", host.casefold()), f"{slash}{path}".rstrip("/"))


def _looks_like_host(url: str) -> bool:
    return bool(re.match(r"^[\w-]+(?:\.[\w-]+)+(?:[/?#]|$)", url))
