"""What came of an attempt, and what follows: the delivery is over, or due again; its endpoint
works, fails, or has had enough.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import tuple_
from sqlmodel import col, select

from app.core.db import Session
from app.core.driver import driver_of
from app.core.tables import moment
from app.models import WebhookEndpoint
from app.models.delivery_states import DeliveryState
from app.notifications.deliveries.claiming import Letter
from app.notifications.deliveries.rules import Health, is_success, pause_after
from app.notifications.outbox import EventType, Happening, emit

_SHOWN = 1_000

# The token: whoever took it later has another number, and what comes of this one is dropped.
_RECORD = """
WITH told AS (
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::text[], $5::timestamptz[],
                         $6::jsonb[])
                  AS t(account_id, delivery_id, attempts, state, due_at, entry)),
mine AS MATERIALIZED (
    SELECT p.account_id, p.delivery_id, t.attempts, t.state, t.due_at, t.entry
      FROM told t JOIN pending_deliveries p
           ON p.account_id = t.account_id AND p.delivery_id = t.delivery_id
              AND p.attempts = t.attempts
     ORDER BY p.account_id, p.delivery_id FOR UPDATE OF p),
later AS (
    UPDATE pending_deliveries p SET due_at = m.due_at, leased_until = '-infinity'
      FROM mine m WHERE p.account_id = m.account_id AND p.delivery_id = m.delivery_id
       AND m.state = 'pending'),
ended AS (
    DELETE FROM pending_deliveries p USING mine m
     WHERE p.account_id = m.account_id AND p.delivery_id = m.delivery_id AND m.state <> 'pending')
UPDATE deliveries d
   SET state = m.state, attempts = m.attempts,
       finished_at = CASE WHEN m.state <> 'pending' THEN $7::timestamptz END,
       log = CASE WHEN jsonb_array_length(d.log) >= 10 THEN d.log - 0 ELSE d.log END || m.entry
  FROM mine m WHERE d.account_id = m.account_id AND d.id = m.delivery_id
RETURNING d.account_id, d.id
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of posting a letter."""

    letter: Letter
    took: timedelta
    status: int | None = None
    answer: bytes = b""
    retry_after: timedelta | None = None
    error: str | None = None
    detail: str | None = None
    luck: float = 0.5


async def record(
    session: Session, outcomes: Sequence[Outcome], *, now: datetime
) -> Counter[DeliveryState]:
    """Write down what came of these attempts; returns how those that still counted stand now."""
    ordered = sorted(outcomes, key=lambda one: (one.letter.account_id, one.letter.delivery_id))
    follows = [_what_follows(one, now=now) for one in ordered]
    driver = await driver_of(session)
    rows = await driver.fetch(
        _RECORD,
        [one.letter.account_id for one in ordered],
        [one.letter.delivery_id for one in ordered],
        [one.letter.attempts for one in ordered],
        [state.value for state, _ in follows],
        [due_at for _, due_at in follows],
        [_entry(one, now=now) for one in ordered],
        now,
    )
    counted = {(row["account_id"], row["id"]) for row in rows}
    await _judge(
        session,
        [o for o in ordered if (o.letter.account_id, o.letter.delivery_id) in counted],
        now=now,
    )
    return Counter(
        state
        for one, (state, _) in zip(ordered, follows, strict=True)
        if (one.letter.account_id, one.letter.delivery_id) in counted
    )


def _what_follows(one: Outcome, *, now: datetime) -> tuple[DeliveryState, datetime | None]:
    if is_success(one.status):
        return DeliveryState.SUCCEEDED, None
    pause = pause_after(one.letter.attempt, luck=one.luck, retry_after=one.retry_after)
    return (DeliveryState.PENDING, now + pause) if pause else (DeliveryState.FAILED, None)


def _entry(one: Outcome, *, now: datetime) -> str:
    """As the log has it: of the answer only what text can hold."""
    said = one.answer.decode(errors="replace").replace("\x00", "\ufffd")[:_SHOWN]
    return json.dumps(
        {
            "attempt": one.letter.attempts,
            "at": moment(now),
            "status": one.status,
            "error": one.error,
            "detail": one.detail,
            "answer": said if one.status is not None else None,
            "took_ms": round(one.took.total_seconds() * 1000),
        }
    )


async def _judge(session: Session, outcomes: Iterable[Outcome], *, now: datetime) -> None:
    """See how each endpoint stands now; only where that changes is it written, which is seldom."""
    heard: dict[tuple[UUID, UUID], list[int | None]] = {}
    for one in outcomes:
        place = (one.letter.account_id, one.letter.endpoint_id)
        heard.setdefault(place, []).append(one.status)
    changed = [
        (endpoint.account_id, endpoint.id)
        for endpoint in await _endpoints(session, list(heard))
        if _health(endpoint, heard, now=now) != Health(endpoint.failing_since)
    ]
    told = []
    for endpoint in await _endpoints(session, changed, lock=True):
        health = _health(endpoint, heard, now=now)
        endpoint.failing_since = health.failing_since
        if health.disabled is None or not endpoint.enabled:
            continue
        endpoint.enabled, endpoint.disabled_reason = False, health.disabled
        endpoint.version += 1
        endpoint.updated_at = now
        data: dict[str, Any] = {
            "webhook_endpoint_id": str(endpoint.id),
            "reason": health.disabled.value,
            "failing_since": health.failing_since and moment(health.failing_since),
        }
        told.append(Happening(endpoint.account_id, EventType.WEBHOOK_ENDPOINT_DISABLED, data))
    await session.flush()
    await emit(session, told, at=now)


def _health(
    endpoint: WebhookEndpoint,
    heard: dict[tuple[UUID, UUID], list[int | None]],
    *,
    now: datetime,
) -> Health:
    return Health(endpoint.failing_since).after(heard[endpoint.account_id, endpoint.id], now=now)


async def _endpoints(
    session: Session, places: Sequence[tuple[UUID, UUID]], *, lock: bool = False
) -> Sequence[WebhookEndpoint]:
    if not places:
        return []
    table = WebhookEndpoint
    statement = (
        select(table)
        .where(tuple_(col(table.account_id), col(table.id)).in_(places))
        .order_by(col(table.account_id), col(table.id))
        .execution_options(populate_existing=True)
    )
    return (await session.exec(statement.with_for_update() if lock else statement)).all()
