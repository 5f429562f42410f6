"""Where processes are born that have loaded everything already: a start costs a fork, not a second.

    a test ── module, environment, log ──▶ nursery ── fork ──▶ `python -m app serve`
       ◀──────── pid · how it ended ─────────┘                 `python -m workers.main`

What is forked is an API or a worker as any other, in a process of its own that can be killed,
stopped or hung up on, and reads its settings only then. What it has not done is to load its code
and to resolve its routes; that is done from the beginning wherever a stack, a command or a
namespace is started.
"""

import json
import os
import selectors
import signal
import socket
import sys
import threading
from collections.abc import Callable

import app.__main__
import app.main
import app.serving  # what `serve` would load
import workers.main
from app.core import garbage

Main = Callable[[], None]
MAINS: dict[str, Main] = {"app": app.__main__.main, "workers.main": workers.main.main}
_LONGEST = 2**20


def serve(asked: socket.socket) -> Main | None:
    """Fork whatever is asked for, and tell of each how it ended; the child returns its main."""
    children: dict[int, int] = {}  # by the descriptor that says they ended
    with selectors.DefaultSelector() as selector:
        selector.register(asked, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is not asked:
                    selector.unregister(key.fd)
                    _tell(asked, *_ended(children.pop(key.fd)))
                    os.close(key.fd)
                    continue
                order, descriptors, *_ = socket.recv_fds(asked, _LONGEST, 1)
                if not order:
                    for pid in children.values():
                        os.kill(pid, signal.SIGKILL)
                    return None
                pid = os.fork()
                if pid == 0:
                    for descriptor in children:
                        os.close(descriptor)
                    asked.close()
                    module, words, environment = json.loads(order)
                    return _born(module, words, environment, descriptors[0])
                os.close(descriptors[0])
                watched = os.pidfd_open(pid)
                children[watched] = pid
                selector.register(watched, selectors.EVENT_READ)
                _tell(asked, pid, None)


def _born(module: str, words: list[str], environment: dict[str, str], output: int) -> Main:
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = [module, *words]
    return MAINS[module]


def _ended(pid: int) -> tuple[int, int]:
    _, status = os.waitpid(pid, 0)
    return pid, os.waitstatus_to_exitcode(status)


def _tell(asked: socket.socket, pid: int, ending: int | None) -> None:
    asked.sendall(json.dumps([pid, ending]).encode() + b"\n")


def main() -> None:
    asked = socket.socket(fileno=int(sys.argv[1]))
    app.main.resolve_routes()
    # Nor is what all of them share looked through for garbage in each.
    garbage.look_seldom()
    assert threading.active_count() == 1, "a process of several threads is not to be forked"
    born = serve(asked)
    if born is not None:
        born()


if __name__ == "__main__":
    main()
