"""What becomes of actions that are due, a page of a sequence at a time, in set-based SQL.

         the person wants none of it ─▶ auto_skipped: OPTED_OUT
         criteria do not hold        ─▶ auto_skipped: SKIP_CRITERIA · stays due: WAIT_CRITERIA
due ────▶ automatic, no address      ─▶ auto_skipped: BLANK_EMAIL_ADDRESS
         automatic                   ─▶ sending_soon, and to be sent
         manual                      ─▶ on_engage, on its owner's Today
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from app.core.driver import Row, Transaction, driver_of
from app.criteria.compile import Parameters, compile_sql
from app.models import Sequence as Cadence
from app.models import SequenceAction
from app.models.states import ActionStatus, ActionType
from app.notifications.outbox import EventType, Happening, emit
from app.sequences import rules
from app.sequences.objects import SOURCES
from app.sequences.steps.progress import Ended, advance

# All that was written was judged: the full join is a left one that no estimate can have done row by
# row, which takes the square of a page.
_HANDLE = """
WITH due AS MATERIALIZED (
    SELECT q.action_id, q.due_at FROM pending_actions q
     WHERE q.account_id = $1 AND q.sequence_id = $2 AND q.due_at <= $3
       AND (q.due_at, q.action_id) > ($4, $5)
     ORDER BY q.due_at, q.action_id LIMIT $6),
judged AS MATERIALIZED (
    SELECT d.action_id, d.due_at, p.owner, s.priority, a.is_automatic,
           CASE WHEN p.opted_out OR (a.type = 'email' AND p.email_opted_out)
                     OR (a.type = 'sms' AND p.sms_opted_out) THEN 'OPTED_OUT'
                WHEN NOT ({{holds}}) THEN CASE s.on_unmet WHEN 'skip' THEN 'SKIP_CRITERIA'
                                                        ELSE 'WAIT_CRITERIA' END
                WHEN a.is_automatic AND coalesce(btrim(p.email), '') = ''
                THEN 'BLANK_EMAIL_ADDRESS' END AS reason
      FROM due d
      JOIN participant_actions a ON a.account_id = $1 AND a.id = d.action_id
      JOIN participations n ON n.account_id = $1 AND n.id = a.participation_id
      JOIN people p ON p.account_id = $1 AND p.id = a.person_id
      JOIN sequence_actions s ON s.account_id = $1 AND s.id = a.action_id{{beside}}),
written AS (
    UPDATE participant_actions a
       SET status = {status}, deferral_reason = j.reason, run_id = $7, priority = j.priority,
           show_on_today = j.reason IS NULL AND NOT j.is_automatic,
           owner = CASE WHEN j.is_automatic THEN NULL ELSE j.owner END
      FROM judged j
     WHERE a.account_id = $1 AND a.id = j.action_id AND a.status = 'upcoming'
       AND (j.reason IS DISTINCT FROM 'WAIT_CRITERIA'
            OR a.deferral_reason IS DISTINCT FROM 'WAIT_CRITERIA')
    RETURNING a.id, a.participation_id, a.person_id, a.position, a.type, a.status),
over AS (
    DELETE FROM pending_actions q USING judged j
     WHERE q.account_id = $1 AND q.action_id = j.action_id
       AND j.reason IS DISTINCT FROM 'WAIT_CRITERIA'),
unsent AS (
    INSERT INTO pending_sends (account_id, action_id, sequence_id, run_id)
    SELECT $1, id, $2, $7 FROM written WHERE status = 'sending_soon' ON CONFLICT DO NOTHING)
SELECT j.action_id, j.due_at, j.reason, w.participation_id, w.person_id, w.position, w.type,
       w.status
  FROM judged j FULL JOIN written w ON w.id = j.action_id
 ORDER BY j.due_at, j.action_id
""".format(
    status="""CASE WHEN j.reason = 'WAIT_CRITERIA' THEN 'upcoming'
                        WHEN j.reason IS NOT NULL THEN 'auto_skipped'
                        WHEN j.is_automatic THEN 'sending_soon' ELSE 'on_engage' END"""
)
# What a connector has to do with its own means.
_TOLD = (ActionType.CALL.value, ActionType.SMS.value)
_FIRST = UUID(int=0)


class Page(NamedTuple):
    """What became of a page of due actions."""

    last: tuple[datetime, UUID] | None
    counts: Counter[str]

    @property
    def rows(self) -> int:
        return self.counts.total()


async def handle(  # noqa: PLR0913  (a page is of that many things)
    session: Transaction,
    sequence: Cadence,
    actions: Sequence[SequenceAction],
    *,
    run_id: UUID,
    after: tuple[datetime, UUID] | None,
    until: datetime,
    most: int,
    since: datetime | None = None,
    now: datetime,
) -> Page:
    """Handle the next due actions of a sequence.

    Args:
        after: behind this due time and action; None: from the first.
        until: what was due by then; later ones are left to the next run.
        since: from when the delays of what follows are counted; None: from now.
    """
    parameters = Parameters(8)
    holds = _holds(actions, parameters, now)
    sql = _HANDLE.format(holds=holds, beside=SOURCES[sequence.object].beside)
    first = after or (datetime.min.replace(tzinfo=until.tzinfo), _FIRST)
    place = (sequence.account_id, sequence.id, until, *first, most, run_id)
    rows = await (await driver_of(session)).fetch(sql, *place, *parameters.values)
    written = [row for row in rows if row["status"] is not None]
    skipped = [
        Ended(row["participation_id"], row["position"])
        for row in written
        if row["status"] == ActionStatus.AUTO_SKIPPED
    ]
    await advance(session, sequence.account_id, skipped, since=since, now=now)
    await _tell(session, sequence, written, now)
    last = (rows[-1]["due_at"], rows[-1]["action_id"]) if rows else None
    return Page(last, Counter(map(_word, rows)))


def _holds(actions: Sequence[SequenceAction], parameters: Parameters, now: datetime) -> str:
    """Whether the criteria of the row's own action hold."""
    as_of = parameters.add(now, "timestamptz")
    cases = ""
    for action in actions:
        criteria = rules.criteria_of(action.criteria)
        if criteria is not None:
            own = parameters.add(action.id, "uuid")
            cases += f" WHEN {own} THEN {compile_sql(criteria, parameters, now=as_of)}"
    # The clock is named here too: a parameter that no test asks for would have no type.
    always = f"{as_of} IS NOT NULL"
    return f"CASE a.action_id{cases} ELSE {always} END" if cases else always


def _word(row: Row) -> str:
    """What a row counts as: its reason, or what was done."""
    if row["reason"] is not None:
        return str(row["reason"])
    # Somebody else was there first, e.g. a rep.
    return str(row["status"] or "gone")


async def _tell(
    session: Transaction, sequence: Cadence, rows: Sequence[Row], now: datetime
) -> None:
    happenings = [
        Happening(sequence.account_id, EventType.ACTION_DUE, _said(sequence, row))
        for row in rows
        if row["status"] == ActionStatus.ON_ENGAGE and row["type"] in _TOLD
    ]
    await emit(session, happenings, at=now)


def _said(sequence: Cadence, row: Row) -> dict[str, Any]:
    return {
        "participant_action_id": str(row["action_id"]),
        "participant_id": str(row["participation_id"]),
        "sequence_id": str(sequence.id),
        "person_id": str(row["person_id"]),
        "type": row["type"],
        "due_at": row["due_at"].isoformat(),
    }
