"""Where a run stands, what it is of, and what began it.

A run:

    queued ──▶ running ──▶ succeeded · succeeded_with_warnings · failed
       └──────────┴──────▶ cancelled
"""

from enum import StrEnum


class RunKind(StrEnum):
    SCORING = "scoring"
    CLOCK = "clock"
    IMPORT = "import"
    EXPORT = "export"
    CODE = "code"
    BATCH = "batch"
    GROUP = "group"
    LAUNCH = "launch"


class RunTrigger(StrEnum):
    SCHEDULE = "schedule"
    API = "api"
    FORCE = "force"
    GROUP = "group"
    RETRY = "retry"
    RESUME = "resume"


class RunState(StrEnum):
    """Where a run stands."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    SUCCEEDED_WITH_WARNINGS = "succeeded_with_warnings"
    FAILED = "failed"
    CANCELLED = "cancelled"

    def may_become(self, after: "RunState") -> bool:
        return after in _FOLLOWS.get(self, frozenset())


_ENDS = frozenset(RunState) - {RunState.QUEUED, RunState.RUNNING}


_FOLLOWS = {
    RunState.QUEUED: frozenset({RunState.RUNNING, RunState.CANCELLED}),
    RunState.RUNNING: _ENDS,
}
