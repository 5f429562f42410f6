"""Responses that need not wait: scored and decided before they are written, so written once.

    people written ──▶ scores and facts read ──▶ decided ──▶ records written as they end
                                                      └─▶ owners, in their turn, and the news

No reader ever sees a pending status of theirs. Requests do this with what is synchronous, files
also with what is asynchronous: nothing would be gained by letting their rows wait.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from app.core.driver import Row, Transaction, driver_of
from app.core.rowsets import Given, as_rows
from app.core.statements import Parts
from app.models.states import Mode, ResponseStatus
from app.notifications.outbox import add_events
from app.responses.intake.fold import AccountFacts, Context
from app.responses.intake.records import RecordState, Scored
from app.responses.resolution.news import happenings
from app.responses.resolution.rules import Candidate, Verdict, decide_all
from app.responses.resolution.sql import HAS_OPEN_OPPORTUNITY, Resolution, hand_over
from app.scoring.points import FIRST_PARAMETER, Points, points_of
from app.scoring.sql import scored_rows

# The columns of a response that criteria may ask for, beside its ids and its own score.
ASKED: Mapping[str, tuple[str, Callable[[RecordState], Any]]] = {
    "member_status": ("text", lambda r: r.member_status.name),
    "repeat_number": ("smallint", lambda r: r.repeat_number),
    "responded_at": ("timestamptz", lambda r: r.responded_at),
    "external_id": ("text", lambda r: r.external_id),
    "user_name": ("text", lambda r: r.user),
    "is_prompt": ("boolean", lambda r: r.is_prompt),
    "score": ("bigint", lambda r: r.score or 0),
    "attributes": ("jsonb", lambda r: r.attributes_json),
}
# Of the scored rows `s`, each with what is kept of its person and campaign. Whose response is
# active has its id, written by the transaction that registers it: looking for it in the register
# took an eighth of the statement.
KEPT_FACTS = "p.nurture_until, p.active_response_id AS active, c.threshold,"
FACTS = f"""s.person, s.campaign, s.threshold, s.points, s.matched::text AS matched,
       s.nurture_until, s.active,
       {HAS_OPEN_OPPORTUNITY.format(person_id="s.person_id")}"""
_FACTS = f"""
SELECT s.id, {FACTS}
  FROM ({{scored}}) s
 WHERE $2::uuid[] IS NULL
"""
_OPEN = ResponseStatus.OPEN
_NOTHING: Mapping[UUID, Row] = {}
_KEPT = f"r.person_id, {KEPT_FACTS}"


@dataclass(frozen=True, slots=True)
class Settled:
    """What was decided of one account's responses, before they are written; `handed` qualified."""

    account_id: UUID
    verdicts: list[Verdict]
    handed: list[Candidate]
    own: Mapping[UUID, Sequence[str]]


async def settle(
    session: Transaction,
    records: Sequence[RecordState],
    context: Context,
    *,
    known: Mapping[UUID, Row] = _NOTHING,
) -> list[Settled]:
    """Score and decide records that are not written yet; they get their status and every part.

    Their people are written, and locked by this transaction or made by it.

    Args:
        known: the facts of records that were scored before.
    """
    by_account: dict[UUID, list[RecordState]] = {}
    for record in records:
        by_account.setdefault(record.account_id, []).append(record)
    return [
        await _settle(session, account_id, by_account[account_id], context, known)
        for account_id in sorted(by_account)
    ]


async def make_and_score(
    session: Transaction,
    records: Sequence[RecordState],
    context: Context,
    born: Parts,
) -> Mapping[UUID, Row] | None:
    """Write new people and read the facts of their records, in one statement: one trip less.

    Each record looks through all of these people, so few of one account only.

    Args:
        born: writes everybody whom the records are of, and returns them as `born`.

    Returns:
        The facts by record; None if another transaction was first to make one of them.
    """
    account_id = records[0].account_id
    points = await points_of(session, account_id, context.accounts[account_id].ruleset_version)
    sql, arguments = _asking(account_id, records, points, context.now, people="born")
    rows = await born.read(await driver_of(session), sql, *arguments)
    return None if rows is None else {row["id"]: row for row in rows}


async def announce(
    session: Transaction,
    settled: Settled,
    context: Context,
    *,
    writes: Parts,
    run_id: UUID | None,
) -> None:
    """Give those that qualified to owners, and tell what became of all, with the last writes.

    After they were written, and the last that takes a lock.
    """
    shared = context.accounts[settled.account_id].settings.owners
    qualified = await hand_over(
        session,
        settled.account_id,
        settled.handed,
        own=settled.own,
        shared=shared,
        writes=writes,
        now=context.now,
    )
    resolved = [verdict for verdict in settled.verdicts if verdict.waits_until is None]
    told = happenings(settled.account_id, Resolution(resolved, [], qualified), run_id=run_id)
    add_events(session, writes, told, at=context.now)


async def _settle(
    session: Transaction,
    account_id: UUID,
    records: Sequence[RecordState],
    context: Context,
    known: Mapping[UUID, Row],
) -> Settled:
    facts = context.accounts[account_id]
    points = await points_of(session, account_id, facts.ruleset_version)
    found = dict(known)
    waiting = iter([record for record in records if record.id not in known])
    # However many prompts a batch brings, no statement grows with it.
    while portion := list(islice(waiting, facts.settings.scoring_batch_size)):
        rows = await _facts(session, account_id, portion, points, context.now)
        found.update((row["id"], row) for row in rows)
    states = {record.id: record for record in records}
    for record in records:
        _score(record, found[record.id], points.version)
    verdicts = decide_all(
        (_candidate(one, found[one.id], facts, context.now) for one in records),
        grace=facts.settings.score_grace,
        now=context.now,
    )
    for verdict in verdicts:
        record = states[verdict.candidate.response_id]
        record.status, record.waits_until = verdict.status, verdict.waits_until
    handed = [v.candidate for v in verdicts if v.status is _OPEN]
    own = {campaign.id: campaign.owners for campaign in context.campaigns.values()}
    return Settled(account_id, verdicts, handed, own)


def asked_by(points: Points) -> list[str]:
    """The columns of a response that these rules look at."""
    return [name for name in ASKED if f"r.{name}" in points.hits]


async def _facts(
    session: Transaction,
    account_id: UUID,
    records: Sequence[RecordState],
    points: Points,
    now: datetime,
) -> list[Row]:
    sql, arguments = _asking(account_id, records, points, now, people="people")
    driver = await driver_of(session)
    return list(await driver.fetch(sql, *arguments))


def _asking(
    account_id: UUID, records: Sequence[RecordState], points: Points, now: datetime, *, people: str
) -> tuple[str, list[Any]]:
    """The statement that asks for the facts of these records, and its arguments."""
    # What no rule asks for need not be sent.
    asked = asked_by(points)
    given = [
        Given("id", "uuid", [record.id for record in records]),
        Given("person_id", "uuid", [record.person_id for record in records]),
        Given("campaign_id", "uuid", [record.campaign_id for record in records]),
        *(
            Given(name, ASKED[name][0], [ASKED[name][1](record) for record in records])
            for name in asked
        ),
    ]
    rows, arguments = as_rows(
        given,
        first=FIRST_PARAMETER + len(points.values),
        is_uniform=all(record.is_of_a_file for record in records),
    )
    rows = f"(SELECT w.*, $3::timestamptz AS received_at FROM {rows}) r"
    sql = _FACTS.format(scored=scored_rows(points, rows, kept=_KEPT, people=people))
    return sql, [account_id, None, now, points.points, *points.values, *arguments]


def _score(record: RecordState, row: Row, version: int | None) -> None:
    record.scored = Scored(
        total=row["person"] + row["campaign"] + (record.score or 0) + row["points"],
        person=row["person"],
        campaign=row["campaign"],
        rules=row["points"],
        matched=row["matched"],
        version=version,
    )


def _candidate(
    record: RecordState,
    row: Row,
    facts: AccountFacts,
    now: datetime,
) -> Candidate:
    assert record.scored is not None  # noqa: S101  (scored a moment ago)
    # Of the same moment as the campaign's score.
    own = row["threshold"]
    threshold = facts.settings.threshold if own is None else own
    return Candidate(
        response_id=record.id,
        person_id=record.person_id,
        campaign_id=record.campaign_id,
        score=record.scored.total,
        threshold=threshold,
        is_prompt=record.is_prompt,
        mode=record.scheduling.mode if record.scheduling else Mode.SYNCHRONOUS,
        responded_at=record.responded_at,
        received_at=now,
        active_response_id=row["active"],
        has_open_opportunity=row["has_open_opportunity"],
        nurture_until=row["nurture_until"],
    )
