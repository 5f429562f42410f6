"""Ports on the loopback address."""

import random
import socket
from pathlib import Path

from app.embedded.errors import PortTaken

LOOPBACK = "127.0.0.1"
_LOWEST = 15_000
_EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")


def free_port() -> int:
    """A free port below those that the kernel gives to outgoing connections.

    A port among those could be lost while its server restarts: to any connection going out, or
    to a client that keeps trying the dead server and at last connects to itself.
    """
    below = _first_ephemeral()
    for _ in range(200):
        port = random.randrange(_LOWEST, below)  # noqa: S311  # not a secret
        if not why_taken(LOOPBACK, port):
            return port
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def require_free(host: str, port: int) -> None:
    """Raise PortTaken if a server could not listen there."""
    if reason := why_taken(host, port):
        raise PortTaken(host=host, port=port, reason=reason)


def why_taken(host: str, port: int) -> str:
    """The reason why a server could not listen there; empty if it could."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        with socket.socket(family, kind, protocol) as probe:
            # As servers do: connections of an earlier server that still fade away do not count.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
    except OSError as error:
        return (error.strerror or str(error)).lower()
    return ""


def _first_ephemeral() -> int:
    try:
        first = int(_EPHEMERAL.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        first = 32_768
    return first if first > _LOWEST + 1_000 else 32_768
