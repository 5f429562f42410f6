"""What a batch does, in this order, a chunk at a time.

    orphans ─▶ people who changed: exits, enrolment ─▶ sequences that look at clocks or at more
            than people: the same, everybody ─▶ due actions ─▶ e-mails ─▶ the end

Whoever takes over after a death begins again, and finds what is left: every chunk is one
transaction, and none does anything twice.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from app.batches import queries
from app.batches.tally import Step, Word
from app.core.db import Session
from app.core.failpoints import Purpose
from app.core.resources import Line
from app.models import Sequence as Cadence
from app.models import SequenceAction
from app.models.states import Enrolment, RunState, SequenceState
from app.runs.queue import Claimed, end_run
from app.sequences import queries as sequences
from app.sequences import rules
from app.sequences.errors import SequenceNotFound
from app.sequences.steps import due, enrolment, exits, sends, shown
from app.sequences.steps.enrolment import Candidate
from workers.batches.chunk import Chunked, begun
from workers.batches.mailing import send_emails
from workers.work import Work

_PAGE, _LOOKED, _ORPHANS = 1_000, 2_000, 500
# A change that committed late carries an earlier moment than one that was seen.
_MARGIN = timedelta(minutes=10)


async def run_batch(work: Work, _line: Line, claimed: Claimed) -> None:
    """Do a run of a batch, then end it."""
    run = begun(work, claimed)
    active = await _begin(run)
    by_change = [one for one in active if _goes_by_changes(one)]
    await _look_at_changes(run, active, by_change)
    for sequence in active:
        if sequence not in by_change:
            await _look_at_everybody(run, sequence)
    for sequence in await _looked(run, active):
        await _handle_due(run, sequence)
    await send_emails(run)
    async with run.chunk(Purpose.RUN_END) as (session, _):
        has_failed = run.steps.sums["failed"] > 0
        state = RunState.SUCCEEDED_WITH_WARNINGS if has_failed else RunState.SUCCEEDED
        await end_run(session, run.account_id, run.run_id, state)


async def _begin(run: Chunked) -> Sequence[Cadence]:
    """Close what nobody recorded of e-mails; returns the sequences that are active."""
    while True:
        async with run.chunk() as (session, now):
            found = await sends.close_orphans(
                session, run.account_id, run.what, most=_ORPHANS, since=run.since, now=now
            )
            run.steps.add(Step.ORPHANS, {"PREVIOUSLY_ATTEMPTED_EMAIL": found})
            if found < _ORPHANS:
                return await sequences.list_active(session, run.account_id, run.what)


def _goes_by_changes(sequence: Cadence) -> bool:
    """Whether only people who have changed can come in or leave."""
    is_known = sequence.looked_until is not None
    of_people = rules.is_of_people(sequence.object)
    timeless = rules.is_timeless(sequence.exit) and rules.is_timeless(sequence.entrance)
    return is_known and of_people and timeless


async def _look_at_changes(
    run: Chunked, active: Sequence[Cadence], by_change: Sequence[Cadence]
) -> None:
    known = [one.looked_until for one in active if one.looked_until is not None]
    if not known:
        return
    since, after = min(known) - _MARGIN, None
    is_more = True
    while is_more:
        async with run.chunk() as (session, now):
            people = await queries.changed_people(
                session, run.account_id, since=since, after=after, most=_LOOKED
            )
            if people:
                after = people[-1]
                skipped = await shown.refresh(
                    session, run.account_id, run.what, people, since=run.since, now=now
                )
                run.steps.add(Step.ACTIONS, {"OPTED_OUT": skipped})
                touched = await queries.sequences_with(session, run.account_id, run.what, people)
                leaving = [one for one in by_change if one.id in touched]
                await _let_leave(run, session, leaving, people, now)
            is_more = len(people) == _LOOKED
        for sequence in by_change:
            if people and sequence.enrolment is Enrolment.AUTOMATIC:
                await _enrol(run, sequence, people)


async def _let_leave(
    run: Chunked,
    session: Session,
    leaving: Iterable[Cadence],
    people: Sequence[UUID],
    now: datetime,
) -> None:
    for sequence in leaving:
        after: UUID | None = None
        found = await exits.look(
            session, sequence, people=people, after=after, most=_LOOKED, now=now
        )
        gone = [(one.id, one.reason) for one in found if one.reason is not None]
        await exits.end(session, run.account_id, gone, run_id=run.run_id, now=now)
        run.steps.add(Step.EXITS, [reason.value for _, reason in gone])


async def _look_at_everybody(run: Chunked, sequence: Cadence) -> None:
    after: UUID | None = None
    is_more = True
    while is_more:
        async with run.chunk() as (session, now):
            found = await exits.look(
                session, sequence, people=None, after=after, most=_LOOKED, now=now
            )
            gone = [(one.id, one.reason) for one in found if one.reason is not None]
            await exits.end(session, run.account_id, gone, run_id=run.run_id, now=now)
            run.steps.add(Step.EXITS, [reason.value for _, reason in gone])
            is_more = len(found) == _LOOKED
            after = found[-1].id if found else None
    if sequence.enrolment is Enrolment.AUTOMATIC:
        await _enrol(run, sequence, None)


async def _enrol(run: Chunked, sequence: Cadence, people: Sequence[UUID] | None) -> None:
    """Put in whoever meets the entrance criteria, as long as there is room."""
    after: Candidate | None = None
    is_more = True
    while is_more:
        async with run.chunk() as (session, now):
            current = await _locked(session, sequence)
            if current is None:
                return
            found = await enrolment.candidates(
                session, current, people=people, after=after, most=_PAGE, now=now
            )
            if found:
                actions = await _actions(session, current)
                # Counted so that what is to be done at once is done by this very run.
                done = await enrolment.enrol(
                    session, current, actions, found, by=None, since=run.since, now=now
                )
                counts = {Word.ENROLLED: len(done.ids), Word.NO_ROOM: done.no_room}
                run.steps.add(Step.ENROLMENT, counts)
                after = found[-1]
            is_more = len(found) == _PAGE and not done.no_room


async def _handle_due(run: Chunked, sequence: Cadence) -> None:
    if sequence.id.hex < run.at.get("sequence", ""):
        return
    after = _kept_place(run, sequence)
    is_more = True
    while is_more:
        async with run.chunk() as (session, now):
            current = await _locked(session, sequence)
            if current is None:
                return
            page = await due.handle(
                session,
                current,
                await _actions(session, current),
                run_id=run.run_id,
                after=after,
                until=run.as_of,
                most=_PAGE,
                since=run.since,
                now=now,
            )
            run.steps.add(Step.ACTIONS, page.counts)
            after, is_more = page.last or after, page.rows == _PAGE
            place = None if after is None else [after[0].isoformat(), after[1].hex]
            run.at = {"sequence": sequence.id.hex, "after": place}


def _kept_place(run: Chunked, sequence: Cadence) -> tuple[datetime, UUID] | None:
    kept = run.at.get("after") if run.at.get("sequence") == sequence.id.hex else None
    return None if kept is None else (datetime.fromisoformat(kept[0]), UUID(kept[1]))


async def _looked(run: Chunked, looked: Sequence[Cadence]) -> Sequence[Cadence]:
    """Note that these were looked at; returns the active sequences in which anything is due."""
    async with run.chunk() as (session, _):
        await queries.looked(session, run.account_id, looked, run.as_of)
        active = await sequences.list_active(session, run.account_id, run.what)
        due_in = await queries.with_due(session, run.account_id, active, run.as_of)
        return [sequence for sequence in active if sequence.id in due_in]


async def _locked(session: Session, sequence: Cadence) -> Cadence | None:
    """The sequence as it is now, for this transaction; None if it is at work no more."""
    try:
        found = await sequences.get_sequence(session, sequence.account_id, sequence.id, lock=True)
    except SequenceNotFound:
        return None
    return found if found.state is SequenceState.ACTIVE else None


async def _actions(session: Session, sequence: Cadence) -> Sequence[SequenceAction]:
    return (await sequences.list_actions(session, sequence.account_id, [sequence.id]))[sequence.id]
