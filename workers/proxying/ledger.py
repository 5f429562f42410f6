"""Whom a run called, how much was sent and received, what was refused; never what was said."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from workers.proxying.errors import ByteCap
from workers.proxying.policy import Caps

MOST_HOSTS = 1_000
UNNAMED, OTHERS = "(unnamed)", "(others)"


@dataclass(frozen=True, slots=True)
class HostUse:
    """One line of the log of hosts.

    `(unnamed)` stands for requests that named no host, `(others)` for hosts beyond the first 1,000.
    """

    host: str
    port: int
    connections: int
    bytes_out: int
    bytes_in: int
    refused: Mapping[str, int]


@dataclass(slots=True)
class Entry:
    """The counts of one host and port, while they grow."""

    connections: int = 0
    bytes_out: int = 0
    bytes_in: int = 0
    refused: Counter[str] = field(default_factory=Counter)


class Ledger:
    """All that is remembered of a run's connections, and where its bytes end."""

    def __init__(self, caps: Caps) -> None:
        self._left_out, self._left_in = caps.bytes_out, caps.bytes_in
        self._entries: dict[tuple[str, int], Entry] = {}

    def entry(self, host: str = UNNAMED, port: int = 0) -> Entry:
        """The counts of this host and port; those of all others once there are too many."""
        key = (host, port)
        if key not in self._entries and len(self._entries) >= MOST_HOSTS:
            key = (OTHERS, 0)
        return self._entries.setdefault(key, Entry())

    def hosts(self) -> Sequence[HostUse]:
        """What was counted so far, in the order in which the hosts were first called."""
        return [
            HostUse(
                host, port, entry.connections, entry.bytes_out, entry.bytes_in, dict(entry.refused)
            )
            for (host, port), entry in self._entries.items()
        ]

    def check(self) -> None:
        """Refuse a connection on which nothing could be said any more.

        Raises:
            ByteCap: the bytes of either direction are used up.
        """
        if self._left_out <= 0 or self._left_in <= 0:
            raise ByteCap

    def count_out(self, entry: Entry, size: int) -> None:
        """Count bytes that are about to leave; those beyond the cap do not.

        Raises:
            ByteCap: these would be too many.
        """
        if size > self._left_out:
            self._left_out = 0
            raise ByteCap
        self._left_out -= size
        entry.bytes_out += size

    def count_in(self, entry: Entry, size: int) -> None:
        """The same for bytes that came."""
        if size > self._left_in:
            self._left_in = 0
            raise ByteCap
        self._left_in -= size
        entry.bytes_in += size
