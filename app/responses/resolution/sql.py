"""Resolving a set of scored responses: locks in the house order, then each table once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.core.driver import Row, Transaction, driver_of
from app.core.statements import Parts
from app.models.states import Mode, ResponseStatus
from app.responses.resolution.owners import assign
from app.responses.resolution.rules import Candidate, Verdict, decide_all
from app.scoring.schemas import ScoringSettingsDocument

# By id, said so that no index yields the order: walking the whole primary key went before finding
# two hundred people and sorting them. As text in "C" they are in the order of their bytes.
#
# Both go row by row through primary keys: on tables too young for statistics the planner took one
# row for granted and read the whole account for each response of a chunk.
_LOCK_PEOPLE = """
SELECT p.id FROM people p
 WHERE p.account_id = $1
   AND p.id = ANY (ARRAY (
       SELECT person_id FROM responses WHERE account_id = $1 AND id = ANY ($2::uuid[])))
 ORDER BY p.id::text COLLATE "C" FOR UPDATE
"""
# Asked once in a statement whether the account has any at all: most never tell us of theirs, and
# of a file's rows each would be looked up.
HAS_OPEN_OPPORTUNITY = """
       ((SELECT EXISTS (SELECT FROM opportunity_contacts WHERE account_id = $1)) AND EXISTS (
        SELECT FROM opportunity_contacts oc
          JOIN opportunities o ON o.account_id = oc.account_id AND o.id = oc.opportunity_id
         WHERE oc.account_id = $1 AND oc.person_id = {person_id}
           AND o.state = 'open')) AS has_open_opportunity"""
_READ = f"""
SELECT r.id, r.person_id, r.campaign_id, r.score_total, r.is_prompt, r.mode, r.responded_at,
       r.received_at, a.response_id AS active, p.nurture_until, c.threshold, c.owners,
       {HAS_OPEN_OPPORTUNITY.format(person_id="r.person_id")}
  FROM responses r
 CROSS JOIN LATERAL (
       SELECT nurture_until FROM people WHERE account_id = $1 AND id = r.person_id OFFSET 0) p
 CROSS JOIN LATERAL (
       SELECT threshold, owners FROM campaigns
        WHERE account_id = $1 AND id = r.campaign_id OFFSET 0) c
  LEFT JOIN LATERAL (
       SELECT response_id FROM active_responses
        WHERE account_id = $1 AND person_id = r.person_id OFFSET 0) a ON true
 WHERE r.account_id = $1 AND r.id = ANY ($2::uuid[])
"""
_RESOLVE = """
UPDATE responses r SET status = v.status, resolved_at = $4
  FROM unnest($2::uuid[], $3::text[]) AS v(id, status)
 WHERE r.account_id = $1 AND r.id = ANY ($2::uuid[]) AND r.id = v.id
"""
ENGAGE = """
INSERT INTO active_responses (account_id, person_id, response_id)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[])
RETURNING 1"""
_TELL_PEOPLE = """
UPDATE people p
   SET response_status = $6, active_response_id = v.response_id, last_response_at = v.responded_at,
       owner = coalesce(v.owner, p.owner), updated_at = $7, version = p.version + 1
  FROM unnest($2::uuid[], $3::uuid[], $4::timestamptz[], $5::text[])
       AS v(person_id, response_id, responded_at, owner)
 WHERE p.account_id = $1 AND p.id = ANY ($2::uuid[]) AND p.id = v.person_id
RETURNING 1"""


@dataclass(frozen=True, slots=True)
class Qualified:
    """A response that was handed to sales, and to whom."""

    candidate: Candidate
    owner: str | None


@dataclass(frozen=True, slots=True)
class Resolution:
    """What became of a set: those resolved, those waiting for their grace, those handed over."""

    resolved: list[Verdict]
    waiting: list[Verdict]
    qualified: list[Qualified]


async def lock_people(session: Transaction, account_id: UUID, responses: Sequence[UUID]) -> None:
    """Lock the people of these responses, by id; before any of the responses is touched."""
    driver = await driver_of(session)
    await driver.fetch(_LOCK_PEOPLE, account_id, list(responses))


async def resolve(
    session: Transaction,
    account_id: UUID,
    responses: Sequence[UUID],
    settings: ScoringSettingsDocument,
    *,
    writes: Parts,
    now: datetime,
) -> Resolution:
    """Decide these scored responses of one account and write what was decided.

    The people must be locked by this transaction, so that nobody becomes active meanwhile. What is
    to be written last is added to `writes`.
    """
    driver = await driver_of(session)
    rows = await driver.fetch(_READ, account_id, list(responses))
    verdicts = decide_all(
        (_candidate(row, settings.threshold) for row in rows), grace=settings.score_grace, now=now
    )
    resolved = [verdict for verdict in verdicts if verdict.waits_until is None]
    waiting = [verdict for verdict in verdicts if verdict.waits_until is not None]
    await driver.execute(
        _RESOLVE,
        account_id,
        [verdict.candidate.response_id for verdict in resolved],
        [verdict.status.value for verdict in resolved],
        now,
    )
    handed = [v.candidate for v in resolved if v.status is ResponseStatus.OPEN]
    if handed:
        people = [candidate.person_id for candidate in handed]
        accounts = [account_id] * len(handed)
        await driver.execute(ENGAGE, accounts, people, [c.response_id for c in handed])
    own = {row["campaign_id"]: row["owners"] or [] for row in rows}
    qualified = await hand_over(
        session, account_id, handed, own=own, shared=settings.owners, writes=writes, now=now
    )
    return Resolution(resolved, waiting, qualified)


async def hand_over(
    session: Transaction,
    account_id: UUID,
    handed: Sequence[Candidate],
    *,
    own: Mapping[UUID, Sequence[str]],
    shared: Sequence[str],
    writes: Parts,
    now: datetime,
) -> list[Qualified]:
    """Give these responses, active by now, to owners; their people are told with the last writes.

    Once a transaction, after everything else: the turns of owners are the last of all locks, and
    everybody's, so only one statement should follow.

    Args:
        own: owners of the campaigns that have their own; `shared` are the account's.
        writes: for the caller to send.
    """
    if not handed:
        return []
    campaigns = [candidate.campaign_id for candidate in handed]
    owners = await assign(session, account_id, campaigns, own=own, shared=shared)
    writes.add(
        writes.unused("handed"),
        _TELL_PEOPLE,
        account_id,
        [candidate.person_id for candidate in handed],
        [candidate.response_id for candidate in handed],
        [candidate.responded_at for candidate in handed],
        owners,
        ResponseStatus.OPEN.value,
        now,
    )
    return [Qualified(candidate, owner) for candidate, owner in zip(handed, owners, strict=True)]


def _candidate(row: Row, threshold: int) -> Candidate:
    return Candidate(
        response_id=row["id"],
        person_id=row["person_id"],
        campaign_id=row["campaign_id"],
        score=row["score_total"],
        threshold=threshold if row["threshold"] is None else row["threshold"],
        is_prompt=row["is_prompt"],
        mode=Mode(row["mode"]),
        responded_at=row["responded_at"],
        received_at=row["received_at"],
        active_response_id=row["active"],
        has_open_opportunity=row["has_open_opportunity"],
        nurture_until=row["nurture_until"],
    )
