"""The outbox: events written in the transaction that caused them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from app.core.driver import Transaction, driver_of
from app.core.failpoints import OUTBOX
from app.core.ids import uuid7
from app.core.rowsets import Given, as_rows
from app.core.statements import Parts

_EMIT = """
INSERT INTO events (account_id, id, type, data, occurred_at)
SELECT account_id, id, type, data, $1 FROM {rows}
RETURNING 1"""


class EventType(StrEnum):
    """Past tense, because it has happened by the time anyone reads it."""

    RESPONSE_QUALIFIED = "response.qualified"
    RESPONSES_RESOLVED = "responses.resolved"
    RUN_STARTED = "run.started"
    RUN_SUCCEEDED = "run.succeeded"
    RUN_FAILED = "run.failed"
    RUN_CANCELLED = "run.cancelled"
    RUN_VOLUME_UNUSUAL = "run.volume_unusual"
    RUN_REFUSED = "run.refused"
    FIRE_NOT_RUN = "fire.not_run"
    JOB_OVERDUE = "job.overdue"
    JOB_RECOVERED = "job.recovered"
    JOB_EXPIRING = "job.expiring"
    JOB_EXPIRED = "job.expired"
    GROUP_EXPIRING = "group.expiring"
    GROUP_EXPIRED = "group.expired"
    GROUP_FINISHED = "group.finished"
    CAMPAIGN_LAUNCHED = "campaign.launched"
    PARTICIPANT_EXITED = "participant.exited"
    ACTION_DUE = "action.due"
    QUOTA_EXHAUSTED = "quota.exhausted"
    WEBHOOK_ENDPOINT_DISABLED = "webhook_endpoint.disabled"
    WEBHOOK_ENDPOINT_TESTED = "webhook_endpoint.tested"


@dataclass(frozen=True, slots=True)
class Happening:
    """One event to write; `data` holds ids and words, never names or addresses."""

    account_id: UUID
    type: EventType
    data: dict[str, Any]
    id: UUID = field(default_factory=uuid7)


async def emit(session: Transaction, happenings: Sequence[Happening], *, at: datetime) -> None:
    """Write events, to be seen if and only if this transaction commits."""
    writes = Parts()
    add_events(session, writes, happenings, at=at)
    await writes.write(await driver_of(session))


def add_events(
    session: Transaction, writes: Parts, happenings: Sequence[Happening], *, at: datetime
) -> None:
    """The same, sent with the other writes."""
    if not happenings:
        return
    session.info["reach"](OUTBOX)
    given = [
        Given("account_id", "uuid", [happening.account_id for happening in happenings]),
        Given("id", "uuid", [happening.id for happening in happenings]),
        Given("type", "text", [happening.type.value for happening in happenings]),
        Given("data", "jsonb", [json.dumps(happening.data) for happening in happenings]),
    ]
    rows, arguments = as_rows(given, first=2, is_uniform=False)
    writes.add(writes.unused("told"), _EMIT.replace("{rows}", rows), at, *arguments)
