"""E-mails of a batch, a few at a time: said to be attempted, sent, recorded.

    take, commit ─▶ nobody opted out since? ─▶ SMTP, no transaction open ─▶ record, commit

Each of the few goes over a connection of its own, which is kept for the next few. Whoever dies in
between has sent each of them at most once, and they are never sent again.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from uuid import UUID

from app.batches.tally import Step, Word
from app.core.failpoints import Purpose
from app.models.states import ActionStatus
from app.notifications import mailing, smtp
from app.notifications.conversation import Conversation, Fate, Outcome, conversation
from app.notifications.mailing import Letter
from app.sequences import queries as sequences
from app.sequences.steps import sends
from app.sequences.steps.letters import Fates, Mail, Stand, Taken
from workers.batches.chunk import Chunked

# So many pages in a row of which nothing left: the server is away, and later ones would fare alike.
_ENOUGH = 2


async def send_emails(run: Chunked) -> None:
    """Send what the due actions have become, as long as the mail server takes anything."""
    after: UUID | None = None
    in_vain = 0
    async with AsyncExitStack() as stack:
        smtp_settings = run.work.settings.smtp
        lines = [
            await stack.enter_async_context(conversation(smtp_settings))
            for _ in range(smtp_settings.at_once)
        ]
        while in_vain < _ENOUGH:
            taken = await _take(run, after)
            if taken.last is None:
                return
            after = taken.last
            if taken.mails:
                left = await _send(run, taken, lines)
                in_vain = 0 if left else in_vain + 1


async def _take(run: Chunked, after: UUID | None) -> Taken:
    async with run.chunk(Purpose.BATCH_ATTEMPT) as (session, now):
        active = await sequences.list_active(session, run.account_id, run.what)
        taken = await sends.take(
            session,
            run.account_id,
            [sequence.id for sequence in active],
            run_id=run.run_id,
            after=after,
            most=run.work.settings.smtp.at_once,
            since=run.since,
            now=now,
        )
        counts = {
            "OPTED_OUT": taken.opted_out,
            "BLANK_EMAIL_ADDRESS": taken.blank,
            Word.BY_HAND: taken.by_hand,
        }
        run.steps.add(Step.EMAILS, counts)
    return taken


async def _send(run: Chunked, taken: Taken, lines: Sequence[Conversation]) -> bool:
    """Send a page and record it; whether any of it left, or never will."""
    settings = run.work.settings
    async with run.work.unit_of_work(run.account_id, purpose=Purpose.READING) as session:
        stands = await sends.stand(
            session, run.account_id, taken, run_id=run.run_id, token=run.claimed.token
        )
    going = [mail for mail in taken.mails if stands.get(mail.action_id) is Stand.NOW]
    outcomes = await asyncio.gather(
        *(
            smtp.send(
                _addressed(mail, taken), settings.smtp, is_sandbox=settings.sandbox, held=line
            )
            for mail, line in zip(going, lines, strict=False)
        )
    )
    await _record(run, taken, list(zip(going, outcomes, strict=True)), stands)
    return not going or any(outcome.fate is not Fate.DEFERRED for outcome in outcomes)


async def _record(
    run: Chunked,
    taken: Taken,
    done: Sequence[tuple[Mail, Outcome]],
    stands: Mapping[UUID, Stand],
) -> None:
    fates, kept = _fates(done, stands), [mail for mail, one in done if one.fate is Fate.KEPT]
    async with run.record() as (session, now):
        await sends.record(session, run.account_id, taken, fates, since=run.since, now=now)
        for mail in kept:
            place = (session, run.account_id, mail.action_id)
            await mailing.keep(*place, _letter(mail), at=now)
        counts = {
            Word.SENT: len(fates.sent),
            Word.REFUSED: len(fates.refused),
            Word.UNSENT: len(fates.unsent),
            "PREVIOUSLY_ATTEMPTED_EMAIL": len(fates.lost),
            "OPTED_OUT": len(fates.unwanted),
            ActionStatus.NOT_ACTIONABLE: len(fates.over),
        }
        run.steps.add(Step.EMAILS, counts)


def _fates(done: Sequence[tuple[Mail, Outcome]], stands: Mapping[UUID, Stand]) -> Fates:
    deferred = [(mail.action_id, one) for mail, one in done if one.fate is Fate.DEFERRED]
    stand_so = {
        word: [action_id for action_id, stand in stands.items() if stand is word] for word in Stand
    }
    return Fates(
        sent=[mail.action_id for mail, one in done if one.fate in (Fate.SENT, Fate.KEPT)],
        refused={
            mail.action_id: one.reason or "" for mail, one in done if one.fate is Fate.REFUSED
        },
        unsent=[action_id for action_id, one in deferred if not one.may_have_left],
        lost=[action_id for action_id, one in deferred if one.may_have_left],
        later=stand_so[Stand.LATER],
        unwanted=stand_so[Stand.UNWANTED],
        over=stand_so[Stand.OVER],
    )


def _addressed(mail: Mail, taken: Taken) -> smtp.Mail:
    return smtp.Mail(
        id=mail.action_id,
        recipient=mail.to,
        subject=mail.message.subject,
        text=mail.message.body,
        written_at=taken.attempted_at,
    )


def _letter(mail: Mail) -> Letter:
    return Letter(
        to=[mail.to],
        subject=mail.message.subject,
        text=mail.message.body,
        cause="participant_action",
        cause_id=mail.action_id,
    )
