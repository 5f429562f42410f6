"""The words for where groups and the steps of their runs stand, and which may follow which.

A group:

    inactive ◀──▶ active
       └────────────┴──────▶ expired

A step of a group's run:

    waiting ──▶ running ──▶ succeeded · succeeded_with_warnings · failed · cancelled
       ├──▶ not_run
       └──▶ failed: refused by a quota, or its job is gone
"""

from enum import StrEnum


class GroupState(StrEnum):
    """Where the definition of a group stands."""

    INACTIVE = "inactive"
    ACTIVE = "active"
    EXPIRED = "expired"

    def may_become(self, after: "GroupState") -> bool:
        return after in _GROUP_FOLLOWS.get(self, frozenset())


_GROUP_FOLLOWS = {
    GroupState.INACTIVE: frozenset({GroupState.ACTIVE, GroupState.EXPIRED}),
    GroupState.ACTIVE: frozenset({GroupState.INACTIVE, GroupState.EXPIRED}),
}


class StepState(StrEnum):
    """Where a step of a group's run stands."""

    WAITING = "waiting"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    SUCCEEDED_WITH_WARNINGS = "succeeded_with_warnings"
    FAILED = "failed"
    CANCELLED = "cancelled"
    NOT_RUN = "not_run"

    def may_become(self, after: "StepState") -> bool:
        return after in _STEP_FOLLOWS.get(self, frozenset())

    @property
    def has_succeeded(self) -> bool:
        return self in _WELL


_WELL = frozenset({StepState.SUCCEEDED, StepState.SUCCEEDED_WITH_WARNINGS})
_STEP_ENDS = _WELL | {StepState.FAILED, StepState.CANCELLED}
_STEP_FOLLOWS = {
    StepState.WAITING: frozenset({StepState.RUNNING, StepState.NOT_RUN, StepState.FAILED}),
    StepState.RUNNING: _STEP_ENDS,
}


class OnFailure(StrEnum):
    """What becomes of a group's run when a step of it fails."""

    HALT = "halt"
    CONTINUE = "continue"


class LaunchCause(StrEnum):
    """Who launches a campaign."""

    API = "api"
    GROUP = "group"
    SCHEDULE = "schedule"
