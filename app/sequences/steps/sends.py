"""E-mails, each sent at most once, whoever dies when.

sending_soon ──▶ take: attempted_at ──▶ SMTP, no transaction open ──▶ record: initiated
    │ nobody attempted it: taken again              │ nobody recorded it
    ├─ opted out meanwhile: auto_skipped            └─▶ auto_skipped: PREVIOUSLY_ATTEMPTED_EMAIL
    └─ left the sequence: not_actionable
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from app.core.driver import Row, Transaction, driver_of
from app.criteria.catalogue import Record
from app.models.states import DeferralReason, SequenceObject
from app.sequences.objects import ROLES
from app.sequences.steps.letters import Fates, Mail, Stand, Taken
from app.sequences.steps.progress import Ended, advance
from app.sequences.templates import BadSyntax, Rendered, render

# Whoever ends an action has it locked before its place in the queue: such a one is passed over.
_TAKE = """
WITH next AS MATERIALIZED (
    SELECT q.action_id FROM pending_sends q
     WHERE q.account_id = $1 AND q.sequence_id = ANY ($2::uuid[]) AND q.attempted_at IS NULL
       AND q.action_id > $4
     ORDER BY q.action_id LIMIT $3 FOR UPDATE SKIP LOCKED)
SELECT n.action_id, a.id IS NOT NULL AS is_free
  FROM next n LEFT JOIN LATERAL (
       SELECT id FROM participant_actions
        WHERE account_id = $1 AND id = n.action_id FOR UPDATE SKIP LOCKED) a ON true
 ORDER BY n.action_id
"""
_FACTS = f"""
SELECT a.id, a.participation_id, a.position, n.object, s.subject, s.body, p.opted_out,
       p.email_opted_out, p.converted_at > n.enrolled_at IS TRUE AS is_converted,
       to_jsonb(p) AS person, to_jsonb(r) AS response, to_jsonb(c) AS campaign,
       to_jsonb(o) AS opportunity
  FROM participant_actions a
  JOIN participations n ON n.account_id = $1 AND n.id = a.participation_id
  JOIN people p ON p.account_id = $1 AND p.id = a.person_id
  JOIN sequence_actions s ON s.account_id = $1 AND s.id = a.action_id
  LEFT JOIN responses r ON r.account_id = $1 AND r.id = n.object_id
   AND n.object = 'campaign_member'
  LEFT JOIN campaigns c ON c.account_id = $1 AND c.id = r.campaign_id
  LEFT JOIN {ROLES} o ON o.account_id = $1 AND o.id = n.object_id AND o.person_id = n.person_id
   AND n.object = 'opportunity'
 WHERE a.account_id = $1 AND a.id = ANY ($2::uuid[]) AND a.status = 'sending_soon'
 ORDER BY a.id
"""
_ATTEMPT = """
WITH attempted AS (
    UPDATE participant_actions SET attempted_at = $3, run_id = $4
     WHERE account_id = $1 AND id = ANY ($2::uuid[]))
UPDATE pending_sends SET attempted_at = $3, run_id = $4
 WHERE account_id = $1 AND action_id = ANY ($2::uuid[])
"""
# As it stands once more, just before it leaves. Who was converted leaves the sequence in the next
# run, and the e-mail with them.
_STANDING = """
SELECT a.id, CASE WHEN NOT EXISTS (SELECT FROM pending_runs q
                                    WHERE q.account_id = $1 AND q.run_id = $4 AND q.token = $5)
                  THEN 'later'
                  WHEN n.ended_at IS NOT NULL THEN 'over'
                  WHEN p.opted_out OR p.email_opted_out THEN 'unwanted'
                  WHEN p.converted_at > n.enrolled_at THEN 'later'
                  ELSE 'now' END AS word
  FROM participant_actions a
  JOIN participations n ON n.account_id = $1 AND n.id = a.participation_id
  JOIN people p ON p.account_id = $1 AND p.id = a.person_id
 WHERE a.account_id = $1 AND a.id = ANY ($2::uuid[]) AND a.status = 'sending_soon'
   AND a.attempted_at = $3
"""
_FORGET = "DELETE FROM pending_sends WHERE account_id = $1 AND action_id = ANY ($2::uuid[])"
_INITIATED = """
UPDATE participant_actions
   SET status = 'initiated', is_initiated = true, actual_execution_at = $4, deferral_reason = NULL
 WHERE account_id = $1 AND id = ANY ($2::uuid[]) AND status = 'sending_soon' AND attempted_at = $3
RETURNING participation_id, position
"""
_OVER = """
UPDATE participant_actions SET status = 'not_actionable'
 WHERE account_id = $1 AND id = ANY ($2::uuid[]) AND status = 'sending_soon' AND attempted_at = $3
"""
# Its mail server said no for good; a later action may still reach the person.
_REFUSED = """
UPDATE participant_actions SET status = 'not_actionable', note = w.note
  FROM unnest($2::uuid[], $4::text[]) AS w(id, note)
 WHERE account_id = $1 AND participant_actions.id = w.id AND status = 'sending_soon'
   AND attempted_at = $3
RETURNING participation_id, position
"""
_AGAIN = """
WITH back AS (
    UPDATE participant_actions SET attempted_at = NULL
     WHERE account_id = $1 AND id = ANY ($2::uuid[]) AND status = 'sending_soon'
       AND attempted_at = $3
    RETURNING id)
UPDATE pending_sends q SET attempted_at = NULL FROM back
 WHERE q.account_id = $1 AND q.action_id = back.id
"""
_SKIP = """
UPDATE participant_actions SET status = 'auto_skipped', deferral_reason = $3
 WHERE account_id = $1 AND id = ANY ($2::uuid[]) AND status = 'sending_soon'
RETURNING participation_id, position
"""
_BY_HAND = """
UPDATE participant_actions a
   SET status = 'on_engage', is_automatic = false, show_on_today = true, deferral_reason = $3,
       owner = p.owner
  FROM people p
 WHERE a.account_id = $1 AND a.id = ANY ($2::uuid[]) AND a.status = 'sending_soon'
   AND p.account_id = $1 AND p.id = a.person_id
"""
_ORPHANS = """
SELECT q.action_id FROM pending_sends q
  JOIN sequences s ON s.account_id = $1 AND s.id = q.sequence_id
 WHERE q.account_id = $1 AND q.attempted_at IS NOT NULL AND s.object = $2
 ORDER BY q.action_id LIMIT $3 FOR UPDATE OF q
"""


async def take(
    session: Transaction,
    account_id: UUID,
    sequences: Sequence[UUID],
    *,
    run_id: UUID,
    after: UUID | None,
    most: int,
    since: datetime,
    now: datetime,
) -> Taken:
    """Say of the next e-mails that they are attempted, once this transaction has committed.

    Args:
        since: from when the delays of what follows are counted, as in all of these.
    """
    driver = await driver_of(session)
    rows = await driver.fetch(_TAKE, account_id, list(sequences), most, after or UUID(int=0))
    ids = [row["action_id"] for row in rows if row["is_free"]]
    found = await driver.fetch(_FACTS, account_id, ids)
    mails, out, leaving, blank, empty, bad = [], [], [], [], [], []
    for row in found:
        if row["opted_out"] or row["email_opted_out"]:
            out.append(row["id"])
            continue
        if row["is_converted"]:
            leaving.append(row["id"])
            continue
        to = (row["person"]["email"] or "").strip()
        if not to:
            blank.append(row["id"])
            continue
        try:
            message = _rendered(row)
        except BadSyntax:
            bad.append(row["id"])
            continue
        if message.body.strip():
            mails.append(Mail(row["id"], to, message))
        else:
            empty.append(row["id"])
    await driver.execute(_ATTEMPT, account_id, [mail.action_id for mail in mails], now, run_id)
    await _skip(session, account_id, out, DeferralReason.OPTED_OUT, since, now)
    await _skip(session, account_id, blank, DeferralReason.BLANK_EMAIL_ADDRESS, since, now)
    await driver.execute(_BY_HAND, account_id, empty, DeferralReason.EMPTY_EMAIL_BODY.value)
    await driver.execute(_BY_HAND, account_id, bad, DeferralReason.BAD_SYNTAX_EMAIL_BODY.value)
    # With those that somebody ended in between.
    staying = {mail.action_id for mail in mails}.union(leaving)
    over = [action_id for action_id in ids if action_id not in staying]
    await driver.execute(_FORGET, account_id, over)
    last = rows[-1]["action_id"] if rows else None
    return Taken(mails, now, last, len(out), len(blank), len(empty) + len(bad))


async def stand(
    session: Transaction, account_id: UUID, taken: Taken, *, run_id: UUID, token: int
) -> Mapping[UUID, Stand]:
    """How each of these stands now; whatever somebody else has seen to is not among them."""
    ids = [mail.action_id for mail in taken.mails]
    driver = await driver_of(session)
    rows = await driver.fetch(_STANDING, account_id, ids, taken.attempted_at, run_id, token)
    return {row["id"]: Stand(row["word"]) for row in rows}


async def record(
    session: Transaction,
    account_id: UUID,
    taken: Taken,
    fates: Fates,
    *,
    since: datetime,
    now: datetime,
) -> None:
    """Write what became of a page; what somebody else has written meanwhile stands."""
    driver, token = await driver_of(session), taken.attempted_at
    rows = await driver.fetch(_INITIATED, account_id, list(fates.sent), token, now)
    refused, words = list(fates.refused), list(fates.refused.values())
    rows += await driver.fetch(_REFUSED, account_id, refused, token, words)
    await driver.execute(_AGAIN, account_id, [*fates.unsent, *fates.later], token)
    await driver.execute(_OVER, account_id, list(fates.over), token)
    await advance(session, account_id, _ended(rows), since=since, now=now)
    lost, unwanted = DeferralReason.PREVIOUSLY_ATTEMPTED_EMAIL, DeferralReason.OPTED_OUT
    await _skip(session, account_id, fates.lost, lost, since, now)
    await _skip(session, account_id, fates.unwanted, unwanted, since, now)
    over = [*fates.sent, *refused, *fates.lost, *fates.unwanted, *fates.over]
    await driver.execute(_FORGET, account_id, over)


async def close_orphans(
    session: Transaction,
    account_id: UUID,
    what: SequenceObject,
    *,
    most: int,
    since: datetime,
    now: datetime,
) -> int:
    """Skip what was attempted by somebody who died before it was recorded; how many there were.

    Called by whoever has claimed the batch's run, before anything is attempted in it.
    """
    driver = await driver_of(session)
    rows = await driver.fetch(_ORPHANS, account_id, what.value, most)
    ids = [row["action_id"] for row in rows]
    reason = DeferralReason.PREVIOUSLY_ATTEMPTED_EMAIL
    await _skip(session, account_id, ids, reason, since, now)
    await driver.execute(_FORGET, account_id, ids)
    return len(ids)


async def _skip(
    session: Transaction,
    account_id: UUID,
    ids: Sequence[UUID],
    reason: DeferralReason,
    since: datetime,
    now: datetime,
) -> None:
    if not ids:
        return
    rows = await (await driver_of(session)).fetch(_SKIP, account_id, list(ids), reason.value)
    await advance(session, account_id, _ended(rows), since=since, now=now)


def _ended(rows: Sequence[Row]) -> list[Ended]:
    return [Ended(row["participation_id"], row["position"]) for row in rows]


def _rendered(row: Row) -> Rendered:
    facts: dict[Record, Mapping[str, Any]] = {
        Record.PERSON: row["person"],
        Record.RESPONSE: row["response"] or {},
        Record.CAMPAIGN: row["campaign"] or {},
        Record.OPPORTUNITY: row["opportunity"] or {},
    }
    subject = render(row["subject"] or "", facts)
    return Rendered(" ".join(subject.split()), render(row["body"] or "", facts))
