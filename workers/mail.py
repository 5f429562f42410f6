"""E-mail on its way out: once a second, what is due, a few at the same time.

claim ─▶ commit ─▶ SMTP, no transaction held ─▶ record, fenced by the attempt ─▶ commit

Who dies between the server's word and the record has sent a copy that is sent once more when the
lease is over, under the same `Message-ID`: SMTP knows no better.
"""

import asyncio
import time
from uuid import UUID

from app.core import clock, log
from app.core.failpoints import Purpose
from app.core.metrics import MAIL_ATTEMPTS
from app.notifications import smtp
from app.notifications.conversation import Fate
from app.notifications.mail import queries, service
from workers.work import Work

_log = log.get(__name__)

_MOST_DUE = 200
_LOOK_AGAIN_SECONDS, _PATIENCE_SECONDS = 0.05, 20.0


async def send_due(work: Work) -> None:
    """Send what is due and nobody else has at hand, until nothing is."""
    while await _send_some(work) == _MOST_DUE and not work.is_stopping.is_set():
        pass


async def settle_mail(work: Work) -> None:
    """Send everything that is due now, and wait for what other workers have at hand; not long."""
    end = time.monotonic() + _PATIENCE_SECONDS
    while True:
        await send_due(work)
        async with work.resources.look_everywhere() as connection:
            if not await queries.is_any_left(connection) or time.monotonic() > end:
                return
        await asyncio.sleep(_LOOK_AGAIN_SECONDS)


async def send_copy(work: Work, account_id: UUID, copy_id: UUID) -> None:
    """Send one copy, if it is due and free."""
    settings = work.settings
    # Longer than the conversation can be, so that nobody sends it a second time meanwhile.
    lease = settings.smtp.timeout + settings.scoring.lease
    async with work.unit_of_work(account_id, purpose=Purpose.MAIL_CLAIM) as session:
        taken = await queries.claim(session, account_id, copy_id, lease=lease)
    if taken is None:
        return
    outcome = await smtp.send(taken.mail, settings.smtp, is_sandbox=settings.sandbox)
    if outcome.fate in (Fate.DEFERRED, Fate.REFUSED):
        # Why is with the copy: it may name people.
        _log.warning(
            "mail_not_sent", copy_id=str(copy_id), fate=outcome.fate.value, attempt=taken.token
        )
    async with work.unit_of_work(account_id, purpose=Purpose.MAIL_RECORD) as session:
        state = await service.record(session, taken, outcome, now=clock.business_now(session))
    if state is not None:
        MAIL_ATTEMPTS.labels(state.value).inc()


async def _send_some(work: Work) -> int:
    async with work.resources.look_everywhere() as connection:
        found = await queries.due(connection, most=_MOST_DUE)
    waiting = iter(found)

    async def hand() -> None:
        for place in waiting:
            if work.is_stopping.is_set():
                return
            await send_copy(work, *place)

    hands = min(work.settings.smtp.at_once, len(found))
    # One that fails must not break off the conversations of the others.
    ends = await asyncio.gather(*(hand() for _ in range(hands)), return_exceptions=True)
    for error in ends:
        if error is not None:
            raise error
    return len(found)
