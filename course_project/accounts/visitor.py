"""Who asks: the address and the device of a request."""

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest

DEVICE_LENGTH = 200


def client_ip(request: HttpRequest | None) -> str | None:
    """The address of who asks; None where there is none to be had, in a shell for example.

    X-Forwarded-For can lie: it is a header, and anybody can send one. But each proxy appends the
    address that it was asked from. So of our own proxies, and of them alone, we can be sure:
    settings.TRUSTED_PROXIES says how many there are, and we count from the right.
    """
    if request is None:
        return None
    address = request.META.get("REMOTE_ADDR", "")
    header = request.META.get("HTTP_X_FORWARDED_FOR", "")
    forwarded = [part.strip() for part in header.split(",") if part.strip()]
    if 0 < settings.TRUSTED_PROXIES <= len(forwarded):
        address = forwarded[-settings.TRUSTED_PROXIES]
    try:
        return str(ip_address(address.partition("%")[0]))
    except ValueError:
        return None


def device(request: HttpRequest | None) -> str:
    """What the browser says it is; it may say anything, at any length."""
    return request.META.get("HTTP_USER_AGENT", "")[:DEVICE_LENGTH] if request else ""
