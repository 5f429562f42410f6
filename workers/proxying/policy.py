"""Where one run's code may go, and how much it may take along."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from typing import TypeAlias
from urllib.parse import urlsplit

from app.core.outbound.hosts import Pattern, host_of, pattern_of
from app.core.settings import Proxying

IPNetwork: TypeAlias = IPv4Network | IPv6Network


# Clients call localhost without a proxy, and inside that is the sandbox itself. The name is known
# to nobody but the proxy.
_ALIAS = "api.penstock.internal"
_HERE = re.compile(r"localhost|127\..*|::1")


@dataclass(frozen=True, slots=True)
class OwnApi:
    """This installation's own API, as code is told to call it."""

    host: str
    port: int
    is_tls: bool

    @property
    def name(self) -> str:
        """What code calls its host; one that TLS has to find in a certificate stays as it is."""
        is_here = _HERE.fullmatch(self.host) is not None
        return _ALIAS if is_here and not self.is_tls else self.host

    @property
    def url(self) -> str:
        """The address below which the API's paths are, for code."""
        scheme = "https" if self.is_tls else "http"
        host = f"[{self.name}]" if ":" in self.name else self.name
        is_usual = self.port == (443 if self.is_tls else 80)
        return f"{scheme}://{host}{'' if is_usual else f':{self.port}'}/v1"


@dataclass(frozen=True, slots=True)
class Caps:
    """What one run may use; bytes are those of all its connections together."""

    bytes_out: int = 2**30
    bytes_in: int = 4 * 2**30
    at_once: int = 50
    in_all: int = 100_000
    head_timeout: timedelta = timedelta(seconds=10)
    connect_timeout: timedelta = timedelta(seconds=15)
    idle_timeout: timedelta = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Policy:
    """Public addresses, the account's allow list, this installation's own `/v1`.

    Two people decide. The account's admin lists hosts: a listed host may be reached at the port
    that its entry names (80 and 443 without one), and with `only_listed` no other host may. Whoever
    runs the installation names the private networks that lists may lead into; a list alone opens
    none, since anybody can give a name of their own any address.

    Args:
        own_api: reached although it may lie on loopback; only its host and port, only `/v1`.
        allowed: the account's list; it adds ports and private hosts to what is public.
        only_listed: the list replaces what is public instead.
        private_networks: where listed hosts may lie besides public networks.
        allow_private: every host may lie inside; for sandbox installations.
    """

    own_api: OwnApi | None = None
    allowed: tuple[Pattern, ...] = ()
    only_listed: bool = False
    private_networks: tuple[IPNetwork, ...] = ()
    allow_private: bool = False
    caps: Caps = Caps()


def policy_of(
    settings: Proxying, *, own_url: str | None, allowed: Sequence[str] = (), only_listed: bool
) -> Policy:
    """The policy of one run.

    Args:
        own_url: base address of the API, `https://host[:port]`, or http; None: it has none.
        allowed: the account's allow list as it was saved.

    Raises:
        ValueError: the base address is none, or an entry of the list is no pattern.
    """
    return Policy(
        own_api=None if own_url is None else own_api_of(own_url),
        allowed=tuple(pattern_of(text) for text in allowed),
        only_listed=only_listed,
        private_networks=settings.private_networks,
        allow_private=settings.allow_private,
        caps=Caps(
            bytes_out=int(settings.bytes_out),
            bytes_in=int(settings.bytes_in),
            at_once=settings.connections,
            in_all=settings.connections_in_all,
            connect_timeout=settings.connect_timeout,
            idle_timeout=settings.idle_timeout,
        ),
    )


def own_api_of(url: str) -> OwnApi:
    """Host and port of the API's base address.

    Raises:
        ValueError: it is no http or https address, or has a path before `/v1`.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("the API's base address does not begin with http(s):// and a host")
    if parts.path not in ("", "/", "/v1", "/v1/"):
        raise ValueError("the API's base address has a path before /v1")
    is_tls = parts.scheme == "https"
    return OwnApi(host_of(parts.hostname), parts.port or (443 if is_tls else 80), is_tls)
