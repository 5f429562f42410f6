"""Whether a target may be reached, and at which addresses. Pure.

    this installation's own host and port? ─▶ below /v1, or over TLS ─▶ at any address but metadata
      │                                    └▶ else PathNotAllowed
    on the allow list, with this port? ────▶ at public addresses, and in the networks that the
      │                                      installation lets lists lead into
    port 80 or 443, and not only the list? ▶ at public addresses
      └▶ else HostNotAllowed, or PortNotAllowed

A tunnel cannot be looked into, so one to an API without TLS would lead round the rule for paths.
Over TLS it leads to whatever that port serves, and no further than anybody who can call the API.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address
from urllib.parse import unquote

from app.core.outbound.hosts import WEB_PORTS
from app.core.outbound.rules import may_call, network_of
from workers.proxying.errors import HostNotAllowed, PathNotAllowed, PortNotAllowed
from workers.proxying.policy import IPNetwork, Policy


@dataclass(frozen=True, slots=True)
class Target:
    """What a client asks for; a tunnel has no path that could be seen."""

    host: str
    port: int
    path: str | None = None


def is_own(policy: Policy, target: Target) -> bool:
    """Whether it is this installation's API, as code is told to call it."""
    own = policy.own_api
    return own is not None and own.port == target.port and target.host in (own.host, own.name)


def judge_of(policy: Policy, target: Target) -> Callable[[str], bool]:
    """Which of the target's addresses may be dialled.

    Raises:
        HostNotAllowed, PortNotAllowed, PathNotAllowed: none of them, whatever they are.
    """
    if policy.own_api is not None and is_own(policy, target):
        may_see = policy.own_api.is_tls if target.path is None else is_below_v1(target.path)
        if not may_see:
            raise PathNotAllowed
        return partial(may_call, allow_private=True)
    if any(pattern.fits(target.host, target.port) for pattern in policy.allowed):
        return partial(_may_call_listed, policy)
    is_listed = any(pattern.fits_host(target.host) for pattern in policy.allowed)
    if policy.only_listed and not is_listed:
        raise HostNotAllowed
    if policy.only_listed or target.port not in WEB_PORTS:
        raise PortNotAllowed
    return partial(may_call, allow_private=policy.allow_private)


def is_below_v1(path: str) -> bool:
    """Whether it is `/v1` or below, however it is written and whoever tidies it up later."""
    plain = path.partition("?")[0]
    while (decoded := unquote(plain)) != plain:
        plain = decoded
    segments = plain.split("/")
    climbs = "\\" in plain or not {".", ".."}.isdisjoint(segments)
    return segments[:2] == ["", "v1"] and not climbs


def _may_call_listed(policy: Policy, address: str) -> bool:
    if may_call(address, allow_private=policy.allow_private):
        return True
    return network_of(address).is_inside and _lies_in(address, policy.private_networks)


def _lies_in(address: str, networks: tuple[IPNetwork, ...]) -> bool:
    found = ip_address(address.partition("%")[0])
    return any(found.version == network.version and found in network for network in networks)
