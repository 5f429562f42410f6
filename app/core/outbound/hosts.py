"""Names of hosts as customers write them, and lists of the hosts that are allowed. Pure.

"API.Example.com." ──▶ api.example.com          "*.example.com"    ──▶ every name below it
"[2001:DB8::1]"    ──▶ 2001:db8::1              "db.test:5432"     ──▶ this port alone
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from app.core.errors import Fault

WEB_PORTS = frozenset({80, 443})
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*")
_PLACE = re.compile(r"(?:\[(?P<v6>[^\[\]%]+)\]|(?P<name>[^\[\]:]+))(?::(?P<port>[0-9]{1,5}))?")
_MOST_PATTERNS = 200
_LONGEST_PORT = 65535


@dataclass(frozen=True, slots=True)
class Pattern:
    """One entry of an allow list: a host, or all names below one; without a port, 80 and 443."""

    host: str
    port: int | None = None
    is_below: bool = False

    def fits_host(self, host: str) -> bool:
        """Whether it means this host; `*.example.com` does not mean `example.com` itself."""
        return host.endswith(f".{self.host}") if self.is_below else host == self.host

    def fits(self, host: str, port: int) -> bool:
        """Whether it means this port of this host."""
        fits_port = port in WEB_PORTS if self.port is None else port == self.port
        return fits_port and self.fits_host(host)


def host_of(text: str) -> str:
    """A name or an address in the one form in which it is compared.

    Raises:
        ValueError: it is neither.
    """
    try:
        return str(ip_address(text))
    except ValueError:
        name = text.lower().removesuffix(".")
    if not _NAME.fullmatch(name):
        raise ValueError("neither a name nor an address")
    return name


def place_of(text: str, *, port: int | None = None) -> tuple[str, int | None]:
    """Host and port of `host:port` or `[address]:port`.

    Args:
        port: the one that is meant where none is named.

    Raises:
        ValueError: it is neither, or the port is none.
    """
    found = _PLACE.fullmatch(text)
    if found is None:
        raise ValueError("no host")
    host = host_of(found["v6"] or found["name"])
    if (":" in host) is not bool(found["v6"]):
        raise ValueError("no host; brackets are for IPv6 addresses")
    if found["port"] is None:
        return host, port
    if not 1 <= int(found["port"]) <= _LONGEST_PORT:
        raise ValueError("no port")
    return host, int(found["port"])


def pattern_of(text: str) -> Pattern:
    """An entry of an allow list: `example.com`, `*.example.com`, either with `:port`.

    Raises:
        ValueError: it is no such thing, or so wide that it allows a whole top-level domain.
    """
    is_below = text.startswith("*.")
    plain = text.removeprefix("*.")
    if not plain.isascii():
        plain = plain.encode("idna").decode("ascii")  # a UnicodeError is a ValueError
    host, port = place_of(plain)
    if is_below and ("." not in host or _is_address(host)):
        raise ValueError("a star stands before a name of at least two parts")
    return Pattern(host, port, is_below)


def faults_in_patterns(texts: Sequence[str], *, pointer: str = "") -> Sequence[Fault]:
    """What is wrong with an allow list, entry by entry; none is repeated."""
    if len(texts) > _MOST_PATTERNS:
        return [Fault(pointer, "too_many", f"At most {_MOST_PATTERNS} hosts.")]
    faults = []
    for position, text in enumerate(texts):
        try:
            pattern_of(text)
        except ValueError:
            detail = "A host name, *.name or address, with :port where it is not 80 or 443."
            faults.append(Fault(f"{pointer}/{position}", "bad_host", detail))
    return faults


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
