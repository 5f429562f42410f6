"""Which member statuses make sense together; pure."""

from collections.abc import Sequence
from typing import Protocol

from app.core.errors import Fault


class MemberStatus(Protocol):
    """What the rules look at."""

    @property
    def name(self) -> str: ...
    @property
    def responded(self) -> bool: ...
    @property
    def step(self) -> int: ...


def faults_of_statuses(statuses: Sequence[MemberStatus], default: str | None) -> list[Fault]:
    """What is wrong with a campaign's statuses and the one that an item without any gets."""
    responded = [status.name for status in statuses if status.responded]
    if not responded:
        detail = "needs at least one responded status"
        return [Fault("/member_statuses", "no_responded_status", detail)]
    if default is not None and default not in responded:
        detail = "is not one of the responded member statuses"
        return [Fault("/default_responded_status", "not_responded", detail)]
    return []


def first_responded(statuses: Sequence[MemberStatus]) -> str:
    """The responded status with the lowest step; of equals, the one listed first."""
    return min((status for status in statuses if status.responded), key=lambda s: s.step).name


def given_up(before: Sequence[MemberStatus], after: Sequence[MemberStatus]) -> list[str]:
    """The names that are gone, or changed whether they make a record a response."""
    kept = {(status.name, status.responded) for status in after}
    return [status.name for status in before if (status.name, status.responded) not in kept]
