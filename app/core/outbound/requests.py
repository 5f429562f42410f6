"""A request to an address that a customer gave, as it goes out; and who is believed there."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

import certifi
import httpx

from app.core.outbound.errors import AddressRefused

_LONGEST_ADDRESS = 2_000
_PORTS = range(1, 65_536)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one call may take, and how much it may bring."""

    connect: timedelta = timedelta(seconds=10)
    read: timedelta = timedelta(seconds=30)
    total: timedelta = timedelta(hours=1)
    most_bytes: int = 10 * 2**30


def checked_address(text: str, *, allow_private: bool) -> httpx.URL:
    """The address, if its form is one that can be called; resolves and calls nothing.

    Raises:
        AddressRefused: it is no https address, or holds a password.
    """
    try:
        url = httpx.URL(text)
        host = url.host  # reads what claims to be a name in another script
    except (httpx.InvalidURL, ValueError):
        raise AddressRefused(reason="it is no address") from None
    if url.port is not None and url.port not in _PORTS:
        raise AddressRefused(reason="it is no address")
    schemes = ("https", "http") if allow_private else ("https",)
    if len(text) > _LONGEST_ADDRESS or not host or url.scheme not in schemes:
        raise AddressRefused(reason="it does not begin with https:// and a host")
    if url.userinfo:
        raise AddressRefused(reason="passwords belong into a header")
    return url


def headers_for(url: httpx.URL, given: Mapping[str, str]) -> dict[str, str]:
    """What is said at the head of a request: what is given, and what is ours to say over it."""
    return {
        "host": url.netloc.decode("ascii"),
        "user-agent": "penstock",
        **{name.lower(): value for name, value in given.items()},
        "accept-encoding": "identity",
        "connection": "close",
    }


@lru_cache(maxsize=1)
def public_trust() -> ssl.SSLContext:
    """Who believes the public authorities."""
    return ssl.create_default_context(cafile=certifi.where())


@lru_cache(maxsize=4)
def trust_with(ca_file: str) -> ssl.SSLContext:
    """Who believes those of a file besides; the public ones alone, if it is empty."""
    if not ca_file:
        return public_trust()
    trust = ssl.create_default_context(cafile=certifi.where())
    trust.load_verify_locations(ca_file)
    return trust
