"""From a target to an open way there, or to a refusal; whichever it is, it is written down.

target ─▶ too many? ─▶ rules ─▶ bytes left? ─▶ name resolved, every address judged ─▶ dialled
            └─────────────┴───────────┴───────────────────┴──────────────────────────────┴─▶ refusal
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import h11

from app.core.errors import AppError
from app.core.outbound.dialling import Resolver, open_streams
from app.core.outbound.errors import AddressRefused
from workers.proxying.errors import NetworkRefused, Silent
from workers.proxying.ledger import Entry, Ledger
from workers.proxying.policy import Policy
from workers.proxying.rules import Target, is_own, judge_of
from workers.proxying.streams import BUFFER_BYTES, Patience, Stream

_NAMES_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Asked:
    """What a client wants: a tunnel, or to have a plain request said again."""

    target: Target
    plain: h11.Request | None = None


@dataclass(frozen=True, slots=True)
class Way:
    """An open connection to a target; bytes that pass are counted, and kept within the caps."""

    stream: Stream
    entry: Entry
    ledger: Ledger
    patience: Patience

    async def send(self, data: bytes) -> None:
        """Send to the target.

        Raises:
            ByteCap: the run may send no more.
        """
        self.ledger.count_out(self.entry, len(data))
        await self.stream.send(data)
        self.patience.renew()

    async def read(self) -> bytes:
        """The next bytes from the target; none at the end.

        Raises:
            ByteCap: the run may receive no more.
        """
        data = await self.stream.read()
        self.ledger.count_in(self.entry, len(data))
        self.patience.renew()
        return data


class Gate:
    """What all connections of a run have in common."""

    def __init__(self, policy: Policy, resolver: Resolver) -> None:
        self.policy = policy
        self.ledger = Ledger(policy.caps)
        self._resolver = resolver
        self._names = asyncio.Semaphore(_NAMES_AT_ONCE)

    @asynccontextmanager
    async def way_to(self, target: Target, turned_away: AppError | None) -> AsyncIterator[Way]:
        """A way to the target while the block lasts; it is cut when nothing passes for too long.

        Args:
            turned_away: why this connection leads nowhere, whatever it asks for.

        Raises:
            AppError: any of the refusals of `errors`, within the block too.
            NotReached: the name is unknown, or nobody answers.
        """
        entry = self.ledger.entry(target.host, target.port)
        try:
            if turned_away is not None:
                raise turned_away
            stream = await self._dialled(target)
            entry.connections += 1
            patience = Patience(self.policy.caps.idle_timeout)
            try:
                async with patience.during():
                    yield Way(stream, entry, self.ledger, patience)
            finally:
                stream.drop()
        except AppError as refusal:
            entry.refused[refusal.code] += 1
            raise

    async def _dialled(self, target: Target) -> Stream:
        judge = judge_of(self.policy, target)
        self.ledger.check()
        own = self.policy.own_api
        host = own.host if own is not None and is_own(self.policy, target) else target.host
        try:
            async with asyncio.timeout(self.policy.caps.connect_timeout.total_seconds()):
                streams = await open_streams(
                    host,
                    target.port,
                    resolver=self._resolve,
                    judge=judge,
                    buffer_bytes=BUFFER_BYTES,
                )
        except AddressRefused:
            raise NetworkRefused from None
        except TimeoutError:
            raise Silent from None
        return Stream(*streams)

    async def _resolve(self, host: str, port: int) -> Sequence[str]:
        """As the resolver does, a few at once.

        The thread of a name that nobody answers for works on after its client was told so; it
        keeps its place until then, so a run never holds more than its share of them.
        """
        await self._names.acquire()
        asking = asyncio.ensure_future(self._resolver(host, port))
        asking.add_done_callback(self._resolved)
        return await asyncio.shield(asking)

    def _resolved(self, asking: "asyncio.Future[Sequence[str]]") -> None:
        self._names.release()
        if not asking.cancelled():
            asking.exception()  # or asyncio would complain that nobody asked
