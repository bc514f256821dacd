"""The address a request comes from, as far as it can be trusted."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest

# A customer's line has at least so much of the IPv6 space: each address in it is the same visitor.
IPV6_PREFIX = 64


def client_address(request: HttpRequest) -> str:
    """Return the address to count by: "" where there is none, the network of an IPv6 address.

    Behind a proxy (TRUST_PROXY) it is the last that X-Forwarded-For names: what stands before it anybody can write.
    """
    text = str(request.META.get("REMOTE_ADDR") or "")
    if settings.SECURE_PROXY_SSL_HEADER:
        text = request.headers.get("X-Forwarded-For", "").split(",")[-1].strip() or text
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, IPV6_PREFIX), strict=False))
