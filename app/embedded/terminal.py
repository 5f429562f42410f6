"""The person at the terminal: what they are told, and what they ask for with Ctrl-C."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

Say = Callable[[str], None]
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def say(text: str) -> None:
    """Tell them, if they are still there."""
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()


@dataclass(frozen=True, slots=True)
class Asked:
    """What they have asked for so far."""

    stop: asyncio.Event = field(default_factory=asyncio.Event)
    hurry: asyncio.Event = field(default_factory=asyncio.Event)


@contextlib.contextmanager
def listening(tell: Say) -> Iterator[Asked]:
    """Take SIGINT, SIGTERM and SIGHUP: the first asks for a stop, the second for haste."""
    asked, loop = Asked(), asyncio.get_running_loop()

    def ask() -> None:
        if asked.stop.is_set():
            asked.hurry.set()
            return
        asked.stop.set()
        tell("Stopping; once more to hurry.")

    for number in _SIGNALS:
        loop.add_signal_handler(number, ask)
    try:
        yield asked
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
