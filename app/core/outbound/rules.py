"""Which networks may be called, and what a customer may say in a request. Pure.

    an address ──▶ unpacked: an IPv4 one inside ::ffff:0:0/96 or 64:ff9b::/96 is judged itself
               ──▶ in the table below? ──▶ inside (ours, a neighbour's): refused, but in a sandbox
                                       └─▶ nobody's: always refused
               ──▶ IPv6 outside 2000::/3? ──▶ always refused, whatever it will be for one day
               ──▶ public: called

The other ways to carry an IPv4 address in an IPv6 one (6to4, Teredo, IPv4-compatible, local NAT64)
are refused whole: no public server is reached only by them. Metadata services answer whoever runs
on the machine with its credentials, so they are never a customer's to call, in a sandbox neither.
"""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from app.core.errors import Fault


class Network(StrEnum):
    """What an address is for."""

    PUBLIC = "public"
    LOOPBACK = "loopback"
    PRIVATE = "private"
    SHARED = "shared by a carrier's customers"
    LINK_LOCAL = "link-local"
    METADATA = "metadata of the machine"
    MULTICAST = "multicast"
    DOCUMENTATION = "documentation"
    BENCHMARK = "benchmarks"
    TRANSITION = "IPv4 inside IPv6"
    RESERVED = "reserved"

    @property
    def is_inside(self) -> bool:
        """Somebody's own: what a sandbox calls, and production does not."""
        return self in (Network.LOOPBACK, Network.PRIVATE, Network.SHARED)


# The first that fits decides; narrower ones stand before wider ones.
_TABLE = [
    (ip_network(network), kind)
    for network, kind in (
        ("169.254.169.254/32", Network.METADATA),  # AWS, Azure, Google and most others
        ("169.254.170.2/32", Network.METADATA),  # AWS, containers
        ("168.63.129.16/32", Network.METADATA),  # Azure's host, of a public network
        ("100.100.100.200/32", Network.METADATA),  # Alibaba
        ("192.0.0.192/32", Network.METADATA),  # Oracle
        ("0.0.0.0/8", Network.RESERVED),  # "this network"; connects to loopback on Linux
        ("10.0.0.0/8", Network.PRIVATE),
        ("100.64.0.0/10", Network.SHARED),
        ("127.0.0.0/8", Network.LOOPBACK),
        ("169.254.0.0/16", Network.LINK_LOCAL),
        ("172.16.0.0/12", Network.PRIVATE),
        ("192.0.0.0/24", Network.RESERVED),
        ("192.0.2.0/24", Network.DOCUMENTATION),
        ("192.88.99.0/24", Network.TRANSITION),
        ("192.168.0.0/16", Network.PRIVATE),
        ("198.18.0.0/15", Network.BENCHMARK),
        ("198.51.100.0/24", Network.DOCUMENTATION),
        ("203.0.113.0/24", Network.DOCUMENTATION),
        ("224.0.0.0/4", Network.MULTICAST),
        ("240.0.0.0/4", Network.RESERVED),  # broadcast too
        ("::/128", Network.RESERVED),
        ("::1/128", Network.LOOPBACK),
        ("::/96", Network.TRANSITION),  # IPv4-compatible
        ("::ffff:0:0:0/96", Network.TRANSITION),  # IPv4-translated
        ("64:ff9b:1::/48", Network.TRANSITION),  # local NAT64
        ("100::/64", Network.RESERVED),  # discarded
        ("2001::/32", Network.TRANSITION),  # Teredo
        ("2001:2::/48", Network.BENCHMARK),
        ("2001:db8::/32", Network.DOCUMENTATION),
        ("2001::/23", Network.RESERVED),  # protocols
        ("2002::/16", Network.TRANSITION),  # 6to4
        ("3fff::/20", Network.DOCUMENTATION),
        ("fd00:ec2::/32", Network.METADATA),  # AWS
        ("fd20:ce::254/128", Network.METADATA),  # Google
        ("fc00::/7", Network.PRIVATE),
        ("fe80::/10", Network.LINK_LOCAL),
        ("fec0::/10", Network.PRIVATE),
        ("ff00::/8", Network.MULTICAST),
    )
]
_GLOBAL_UNICAST = ip_network("2000::/3")
# Public servers as an IPv6-only network shows them: the last 32 bits are the address.
_CARRIES_IPV4 = (ip_network("::ffff:0:0/96"), ip_network("64:ff9b::/96"))

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_VALUE = re.compile(r"[\x20-\x7e\t]{0,4000}")
# Where a request ends, and whom it is for, is ours to say.
_OURS = {
    *("host", "content-length", "transfer-encoding", "connection", "keep-alive", "te", "trailer"),
    *("upgrade", "expect", "accept-encoding", "proxy-authorization", "proxy-connection"),
}
_MOST_HEADERS = 50


# The same few are asked for again and again, and going through the table took as long as signing.
@lru_cache(maxsize=10_000)
def network_of(address: str) -> Network:
    """What this address is for; a zone (`%eth0`) changes nothing.

    Raises:
        ValueError: it is no IP address.
    """
    found = _unpacked(ip_address(address.partition("%")[0]))
    for network, kind in _TABLE:
        if found.version == network.version and found in network:
            return kind
    if isinstance(found, IPv6Address) and found not in _GLOBAL_UNICAST:
        return Network.RESERVED
    return Network.PUBLIC


def may_call(address: str, *, allow_private: bool) -> bool:
    """Whether a connection to this address may be opened for a customer."""
    network = network_of(address)
    return network is Network.PUBLIC or (allow_private and network.is_inside)


def faults_in_headers(headers: Mapping[str, str], *, pointer: str = "") -> Sequence[Fault]:
    """What is wrong with the headers that a customer gives; names and values are not repeated."""
    if len(headers) > _MOST_HEADERS:
        return [Fault(pointer, "too_many", f"At most {_MOST_HEADERS} headers.")]
    faults = []
    for position, (name, value) in enumerate(headers.items()):
        place = f"{pointer}/{name}" if _TOKEN.fullmatch(name) else pointer
        if not _TOKEN.fullmatch(name):
            faults.append(Fault(place, "bad_name", f"Header {position + 1} has no valid name."))
        elif name.lower() in _OURS:
            faults.append(Fault(place, "not_yours", "This header is set by the service."))
        elif not _VALUE.fullmatch(value) or value != value.strip():
            faults.append(Fault(place, "bad_value", "At most 4,000 printable ASCII characters."))
    return faults


def _unpacked(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    if any(address in network for network in _CARRIES_IPV4):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address
