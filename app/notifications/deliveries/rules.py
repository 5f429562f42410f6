"""When a delivery is attempted, by whom first, and when an endpoint has had enough. Pure.

attempts   at 0, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 10 h, each ±20 %
endpoint   works ──▶ failing, from the first failure on ──▶ 5 days of only failures: disabled
             ▲────── a success ──────┘                       410: disabled at once
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from uuid import UUID

from app.models.delivery_states import DisableReason

PAUSES = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=10),
)
_SPREAD = 0.2
ENOUGH = timedelta(days=5)
GONE = 410
_SECONDS = re.compile(r"[0-9]{1,9}")
# Of the places of a process; the last quarter is for accounts that have none.
_OF_ONE_ACCOUNT, _OF_THE_BUSY = 0.25, 0.75


def is_success(status: int | None) -> bool:
    """2xx and nothing else: a redirect is no answer, and is not followed."""
    return status is not None and 200 <= status < 300


def pause_after(
    attempt: int, *, luck: float, retry_after: timedelta | None = None
) -> timedelta | None:
    """How long to wait after a failed attempt; None if it was the last one.

    Args:
        attempt: of its series, from 1.
        luck: from 0 to 1, spreads those that failed together.
        retry_after: what the receiver asked for; heard up to twice the planned pause.
    """
    if attempt > len(PAUSES):
        return None
    planned = PAUSES[attempt - 1] * (1 - _SPREAD + 2 * _SPREAD * luck)
    return max(planned, min(retry_after or planned, 2 * planned))


def asked_pause(header: str | None, *, now: datetime) -> timedelta | None:
    """What a `Retry-After` asks for: seconds, or a date; None if it is neither."""
    if header is None:
        return None
    if _SECONDS.fullmatch(header.strip()):
        return timedelta(seconds=int(header))
    try:
        until = parsedate_to_datetime(header)
        return max(timedelta(), until.replace(tzinfo=until.tzinfo or UTC) - now)
    except (ValueError, TypeError, OverflowError):
        return None


@dataclass(frozen=True, slots=True)
class Health:
    """How an endpoint stands: since when nothing but failures, and whether that is the end."""

    failing_since: datetime | None
    disabled: DisableReason | None = None

    def after(self, statuses: Iterable[int | None], *, now: datetime) -> "Health":
        """How it stands after these answers; None is no answer at all."""
        heard = list(statuses)
        if GONE in heard:
            return Health(self.failing_since or now, DisableReason.GONE)
        if any(map(is_success, heard)):
            return Health(None)
        since = self.failing_since or now
        return Health(since, DisableReason.FAILING if now - since >= ENOUGH else None)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A delivery that is due and within what its endpoint may have at once."""

    account_id: UUID
    delivery_id: UUID


def choose(
    found: Iterable[Candidate], at_hand: Counter[UUID], *, places: int
) -> Sequence[Candidate]:
    """Which to take, in the order given, so that whoever hangs holds up no other account.

    One account has at most a quarter of the places. Once three quarters are taken, the rest are
    for accounts that have none.
    """
    held = Counter(at_hand)
    taken = held.total()
    chosen = []
    for one in found:
        most = places * _OF_ONE_ACCOUNT if taken < places * _OF_THE_BUSY else 1
        if taken < places and held[one.account_id] < most:
            held[one.account_id] += 1
            taken += 1
            chosen.append(one)
    return chosen
