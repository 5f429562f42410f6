"""How the relay is started inside, and what the code beside it is told in its environment."""

from collections.abc import Mapping, Sequence
from pathlib import Path

PORT = 3128
RELAY = Path(__file__).with_name("forward.py")


def command(
    socket_path: str, ready_fd: int, *, python: str, relay: str = str(RELAY), port: int = PORT
) -> Sequence[str]:
    """The command line of the relay; paths are those that are seen inside.

    Args:
        socket_path: the proxy's socket.
        ready_fd: a descriptor that it inherits; once it listens it writes its port there, and
            closes it. Closed with nothing written: it has failed.
        relay: where `forward.py` lies.
        port: 0 for any that is free.
    """
    return [python, "-I", "-S", "-B", relay, socket_path, str(port), str(ready_fd)]


def environment(port: int = PORT) -> Mapping[str, str]:
    """Variables by which HTTP clients find the proxy.

    `ALL_PROXY` names it as an HTTP proxy too: some clients refuse to start with a `socks5h` one
    unless a package is installed that most code lacks. SOCKS5 is spoken on the same port.
    """
    proxy = f"http://127.0.0.1:{port}"
    upper = {"HTTPS_PROXY": proxy, "HTTP_PROXY": proxy, "ALL_PROXY": proxy, "NO_PROXY": ""}
    return {**upper, **{name.lower(): value for name, value in upper.items()}}
