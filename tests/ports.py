"""Ports for servers that a test starts, stops and starts again, and for those that are away.

    10,000 …  the tests', 200 for each pytest process, one after the other
    15,000 …  those that the product picks for itself
    32,768 …  those that the kernel gives to outgoing connections, and to servers of no fixed port

So between its choice and its use, or while its server is away, nobody else takes it.
"""

import itertools
import os

from app.embedded.ports import LOOPBACK, why_taken

_FIRST, _EACH, _PROCESSES = 10_000, 200, 25
# A process that has no others beside it may be one that a test started.
_NUMBER = int(os.environ.get("PYTEST_XDIST_WORKER", f"gw{_PROCESSES - 1}").removeprefix("gw"))
# Two suites on one machine begin at different places.
_turns = itertools.count(os.getpid())


def free_port() -> int:
    """A port on which nobody listens, and nobody will unless the test tells them to."""
    first = _FIRST + _EACH * (_NUMBER % _PROCESSES)
    for _ in range(_EACH):
        port = first + next(_turns) % _EACH
        if not why_taken(LOOPBACK, port):
            return port
    raise LookupError(f"all ports from {first} on are taken")
