"""The run that a batch is at, and the transactions that it works in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from app.batches import queries
from app.batches.tally import Steps
from app.core import clock
from app.core.db import Session
from app.core.failpoints import Purpose
from app.imports.staging import Interrupted
from app.models.states import BatchName, SequenceObject
from app.runs import queue
from app.runs.queue import Claimed, RunLost
from app.sequences.planning import batch_named
from workers.work import Work


@dataclass(slots=True)
class Chunked:
    """One run of one batch: what is due as of its start, and what it has counted so far.

    Attributes:
        since: from when delays are counted: the moment it was planned for, or that of its start.
        at: how far the due actions have come, for whoever takes over.
    """

    work: Work
    claimed: Claimed
    as_of: datetime
    since: datetime
    steps: Steps
    at: dict[str, Any] = field(default_factory=dict)
    _written: dict[str, Any] | None = None

    @property
    def account_id(self) -> UUID:
        return self.claimed.account_id

    @property
    def run_id(self) -> UUID:
        return self.claimed.run_id

    @property
    def name(self) -> BatchName:
        return batch_named(self.claimed.subject_id)

    @property
    def what(self) -> SequenceObject:
        return self.name.object

    @property
    def details(self) -> dict[str, Any]:
        """What the run says of itself, and what the next worker needs of it."""
        return {"steps": self.steps.told, "at": {"as_of": self.as_of.isoformat(), **self.at}}

    @asynccontextmanager
    async def chunk(
        self, purpose: Purpose = Purpose.BATCH
    ) -> AsyncIterator[tuple[Session, datetime]]:
        """A transaction of this run, and business time; what was counted in it is written with it.

        Raises:
            Interrupted: this process is to stop; whoever is next goes on.
            RunLost: the run was cancelled, or somebody else has it.
        """
        if self.work.is_stopping.is_set():
            raise Interrupted
        async with self.work.unit_of_work(self.account_id, purpose=purpose) as session:
            now = await queue.renew(session, self.claimed, by=self.work.settings.scoring.lease)
            yield session, now
            await self._count(session)

    @asynccontextmanager
    async def record(self) -> AsyncIterator[tuple[Session, datetime]]:
        """A transaction for what has happened outside: it is written whoever has the run by now.

        Raises:
            RunLost: after the commit, if somebody else has it.
        """
        is_lost = False
        async with self.work.unit_of_work(self.account_id, purpose=Purpose.BATCH_SENT) as session:
            try:
                now = await queue.renew(session, self.claimed, by=self.work.settings.scoring.lease)
            except RunLost:
                is_lost, now = True, clock.business_now(session)
            yield session, now
            if not is_lost:
                await self._count(session)
        if is_lost:
            raise RunLost

    async def _count(self, session: Session) -> None:
        """Write what was counted, if there is anything new."""
        details = self.details
        if details != self._written:
            await queries.count(session, self.account_id, self.run_id, self.steps, details)
            self._written = details


def begun(work: Work, claimed: Claimed) -> Chunked:
    """The run as its first attempt began it, or as an earlier one left it."""
    kept = claimed.details.get("at", {})
    at = {key: value for key, value in kept.items() if key != "as_of"}
    as_of = datetime.fromisoformat(kept["as_of"]) if kept else claimed.claimed_at
    steps = Steps.of(claimed.details.get("steps", {}))
    return Chunked(work, claimed, as_of, claimed.planned_at or as_of, steps, at)
