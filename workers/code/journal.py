"""What comes out of running code, and whether it has to stop: once a second, under its token.

line, e-mail ──▶ waiting ──▶ a transaction: renew, store, look ──┬─▶ cancelled? past its time? stop
                    ▲         as soon as there is something      │
                    └──────── the database is away: kept ────────┘
"""

import asyncio
import base64
import contextlib
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.core import log
from app.core.errors import AppError
from app.core.failpoints import Purpose
from app.core.files.local import in_thread
from app.core.ids import uuid7
from app.core.problems import as_app_error
from app.jobs.attempts import messages, queries
from app.jobs.attempts.rules import Ending, is_overdue
from app.jobs.attempts.service import Attempt
from app.runs import queue
from app.runs.logs.packing import MOST_LINES, Level, Line, pack
from app.runs.logs.queries import add_chunk
from app.runs.queue import Claimed
from workers.sandbox.channel import MOST_EMAILS, EmailRequest
from workers.sandbox.leash import Leash, moment
from workers.sandbox.lines import LogLine
from workers.work import Work

_log = log.get(__name__)

_LOOK_SECONDS = 1.0
_GATHER_SECONDS = 0.1
_AWAY_SECONDS = 1.0


@dataclass(slots=True)
class Stop:
    """Why running code is being ended; the first reason counts."""

    asked: asyncio.Event = field(default_factory=asyncio.Event)
    cause: Ending | None = None

    def ask(self, cause: Ending) -> None:
        if self.cause is None:
            self.cause = cause
            self.asked.set()


class Journal:
    """Stores what one attempt says, and tells it to stop; `keep` is its loop."""

    def __init__(
        self,
        work: Work,
        claimed: Claimed,
        attempt: Attempt,
        *,
        began_at: datetime,
        leash: Leash,
    ) -> None:
        self._work = work
        self._claimed = claimed
        self._attempt = attempt
        self._began_at = began_at
        self._leash = leash
        self._look_seconds = min(_LOOK_SECONDS, work.settings.scoring.lease.total_seconds() / 3)
        self._lines: list[Line] = []
        self._emails: list[EmailRequest] = []
        self._wanted = asyncio.Event()
        self._is_over = False
        self.stop = Stop()

    def hear(self, line: LogLine) -> None:
        """Called by the sandbox as a line comes; it must not wait."""
        said = Line(line.at, Level(line.level), line.text, self._attempt.number, line.fields)
        self._lines.append(said)
        self._wanted.set()

    def hear_email(self, email: EmailRequest) -> None:
        """The same for a message to be sent."""
        self._emails.append(email)
        self._wanted.set()

    def close(self) -> None:
        """Nothing more comes: `keep` ends once all is stored."""
        self._is_over = True
        self._wanted.set()

    async def keep(self) -> None:
        """Store and look until it is closed and empty.

        Raises:
            RunLost: somebody else has the run.
        """
        while not self._is_over or self._lines or self._emails:
            try:
                await self._once()
            except AppError:
                raise
            except Exception as error:
                if as_app_error(error) is None:
                    raise
                _log.warning("log_not_stored", error=type(error).__name__)
                await asyncio.sleep(_AWAY_SECONDS)
            if self._work.is_out_of_time.is_set():
                self.stop.ask(Ending.WORKER_STOPPED)
            if not self._is_over:
                await self._pause()

    async def _once(self) -> None:
        """One transaction; what was stored is waiting no longer."""
        lines, emails = self._lines[:MOST_LINES], list(self._emails)
        packed = await in_thread(lambda: pack(lines)) if lines else None
        claimed = self._claimed
        place = (claimed.account_id, claimed.run_id)
        lease, since = self._work.settings.scoring.lease, moment()
        async with self._work.unit_of_work(
            claimed.account_id, purpose=Purpose.RUN_PROGRESS
        ) as session:
            now = await queue.renew(session, claimed, by=lease)
            is_asked = await queries.is_asked_to_stop(session, *place)
            if packed is not None:
                await add_chunk(session, *place, packed)
            for email in emails:
                await messages.add(session, *place, _message(email), most=MOST_EMAILS)
        self._leash.extend(since=since)
        del self._lines[: len(lines)]
        del self._emails[: len(emails)]
        if is_asked:
            self.stop.ask(Ending.CANCELLED)
        if is_overdue(now - self._began_at, self._attempt.timeout):
            self.stop.ask(Ending.TIMEOUT)

    async def _pause(self) -> None:
        """A second, or less if the lease is short, or until something has come; then a moment, so
        that more comes with it.
        """
        if len(self._lines) >= MOST_LINES:
            return
        began = time.monotonic()
        self._wanted.clear()
        if not self._lines and not self._emails and not self._is_over:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._look_seconds):
                    await self._wanted.wait()
        if not self._is_over:
            await asyncio.sleep(max(0.0, _GATHER_SECONDS - (time.monotonic() - began)))


def _message(email: EmailRequest) -> dict[str, Any]:
    return {
        "id": uuid7(),
        "type": email.type,
        "subject": email.subject,
        "body": email.body,
        "is_html": email.is_html,
        "attachments": [
            {"name": file.name, "content": base64.b64encode(file.content).decode()}
            for file in email.attachments
        ],
    }
