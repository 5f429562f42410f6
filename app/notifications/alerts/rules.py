"""Who is told of what. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from app.models.states import OwnerKind

NO_ALERT_TARGET = "no_alert_target"


class AlertOn(StrEnum):
    """What alerts tell of."""

    FAILURE = "failure"
    SUCCESS = "success"
    RECOVERY = "recovery"


DEFAULT_ON = [AlertOn.FAILURE, AlertOn.RECOVERY]


class News(StrEnum):
    """What there is to tell of something that runs."""

    FAILED = "failed"
    SUCCEEDED = "succeeded"
    RECOVERED = "recovered"
    OVERDUE = "overdue"
    VOLUME = "volume"
    EXPIRING = "expiring"
    EXPIRED = "expired"


# Not here: warnings, which go to whoever is told of anything.
_WANTED_AS = {
    News.FAILED: AlertOn.FAILURE,
    News.OVERDUE: AlertOn.FAILURE,
    News.SUCCEEDED: AlertOn.SUCCESS,
    News.RECOVERED: AlertOn.RECOVERY,
}


@dataclass(frozen=True, slots=True)
class Target:
    """Addresses, and what they are told of."""

    emails: Sequence[str] = ()
    on: Sequence[str] = tuple(DEFAULT_ON)

    @property
    def warnings(self) -> list[str]:
        """What is wrong with it, as answers show it."""
        return [] if self.emails else [NO_ALERT_TARGET]


def target_of(own: dict[str, Any] | None, policy: Target) -> Target:
    """Whom a thing's news goes to: its own alert goes before the account's policy, all of it."""
    return policy if own is None else Target(own["emails"], own["on"])


def is_told(news: News, target: Target, owner_kind: OwnerKind) -> bool:
    """Whether somebody is told of this.

    Batches run day and night: of them failures and recoveries are told, whatever is wanted.
    """
    if not target.emails:
        return False
    wanted_as = _WANTED_AS.get(news)
    if wanted_as is AlertOn.SUCCESS and owner_kind is OwnerKind.BATCH:
        return False
    return wanted_as is None or wanted_as in target.on


def tidings(
    *, has_succeeded: bool, has_failed: bool, was_amiss: bool, is_unusual: bool, on: Sequence[str]
) -> list[News]:
    """What of a run that has ended is worth a message; nothing of one that was cancelled.

    A recovery goes out in place of a plain success, a warning of its volume too.

    Args:
        was_amiss: the thing had failed or was overdue before.
        is_unusual: it has moved far more or fewer rows than usual.
        on: what is wanted; a recovery that nobody wants may still be a success that somebody does.
    """
    if has_failed:
        return [News.FAILED]
    if not has_succeeded:
        return []
    news = [News.VOLUME] if is_unusual else []
    if was_amiss and AlertOn.RECOVERY in on:
        return [News.RECOVERED, *news]
    return news or [News.SUCCEEDED]
