"""Where commands are forked that have loaded everything: a run costs a fork, not a second.

    a test ── words, environment, folder, three streams ──▶ oven ── fork ──▶ `penstock …`
       ◀──────────────────── how it ended ───────────────────┘

One order at a time. Commands that are interrupted, or have a terminal, load from the beginning.
"""

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import IO

import app.__main__
import app.client.local_key  # what the commands would load
from tests.guards.sources import ROOT

_LONGEST = 2**20


class Oven:
    """The process that forks, and the line to it."""

    def __init__(self) -> None:
        self._line, theirs = socket.socketpair()
        self._turn = threading.Lock()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "tests.client.oven", str(theirs.fileno())],
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                pass_fds=[theirs.fileno()],
            )

    def run(
        self,
        words: Sequence[str],
        environment: Mapping[str, str],
        cwd: Path,
        streams: Sequence[IO[str]],
    ) -> int:
        """Run a command to its end on these three streams; its exit status."""
        order = json.dumps([list(words), dict(environment), str(cwd)])
        with self._turn:
            socket.send_fds(self._line, [order.encode()], [one.fileno() for one in streams])
            return int(self._line.recv(16))

    def close(self) -> None:
        self._line.close()
        self._process.wait()


@cache
def heated() -> Oven:
    """The oven of this pytest process."""
    return Oven()


def cool_down() -> None:
    if heated.cache_info().currsize:
        heated().close()
        heated.cache_clear()


def serve(asked: socket.socket) -> bool:
    """Fork whatever is asked for, and say how it ended; the child returns True."""
    while True:
        order, descriptors, *_ = socket.recv_fds(asked, _LONGEST, 3)
        if not order:
            return False
        pid = os.fork()
        if pid == 0:
            asked.close()
            words, environment, cwd = json.loads(order)
            _become(words, environment, cwd, descriptors)
            return True
        for descriptor in descriptors:
            os.close(descriptor)
        _, status = os.waitpid(pid, 0)
        asked.sendall(b"%d" % os.waitstatus_to_exitcode(status))


def _become(
    words: list[str], environment: dict[str, str], cwd: str, descriptors: list[int]
) -> None:
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    sys.argv = ["penstock", *words]


if __name__ == "__main__":
    assert threading.active_count() == 1, "a process of several threads is not to be forked"
    if serve(socket.socket(fileno=int(sys.argv[1]))):
        app.__main__.main()
