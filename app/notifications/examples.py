"""What each event looks like, for whoever writes a receiver; in the document, and in its tests."""

from typing import Any

from app.notifications.outbox import EventType

_JOB = "019a3c5e-0f00-7000-8000-0000000000b1"
_RUN = "019a3c5e-0f00-7000-8000-0000000000a1"
_CAMPAIGN = "019a3c5e-0f00-7000-8000-0000000000c1"
_OTHER = "019a3c5e-0f00-7000-8000-0000000000d1"
_ENDPOINT = "019a3c5e-0f00-7000-8000-0000000000e1"
_AT = "2026-03-02T02:30:00Z"
_COUNTS = {"total": 3, "succeeded": 2, "failed": 0, "skipped": 1, "unprocessed": 0}


def _run(state: str, *, error: str | None = None) -> dict[str, Any]:
    counts = None if state == "running" or error else _COUNTS
    return {"run_id": _RUN, "kind": "code", "state": state, "counts": counts, "error_code": error}


_DATA: dict[EventType, dict[str, Any]] = {
    EventType.RESPONSE_QUALIFIED: {
        "response_id": _RUN,
        "person_id": _OTHER,
        "campaign_id": _CAMPAIGN,
        "score": 110,
        "threshold": 100,
        "response_prompt": False,
        "owner": "alice",
    },
    EventType.RESPONSES_RESOLVED: {
        "total": 2,
        "campaigns": [
            {
                "campaign_id": _CAMPAIGN,
                "by_status": {"Open - Not Contacted": 1, "Resolved - No Action Required": 1},
            }
        ],
        "run_id": _RUN,
    },
    EventType.RUN_STARTED: _run("running"),
    EventType.RUN_SUCCEEDED: _run("succeeded"),
    EventType.RUN_FAILED: _run("failed", error="timeout"),
    EventType.RUN_CANCELLED: _run("cancelled"),
    EventType.RUN_VOLUME_UNUSUAL: {
        "run_id": _RUN,
        "job_id": _JOB,
        "rows": 0,
        "usual_rows": 1200.0,
    },
    EventType.RUN_REFUSED: {
        "job_id": _JOB,
        "trigger": "api",
        "reason": "quota_executions",
        "requested_by": "marketo",
    },
    EventType.FIRE_NOT_RUN: {
        "owner_kind": "job",
        "owner_id": _JOB,
        "planned_at": _AT,
        "reason": "paused",
        "by": "alice",
    },
    EventType.JOB_OVERDUE: {
        "owner_kind": "job",
        "owner_id": _JOB,
        "expected_at": _AT,
        "last_success_at": "2026-03-01T02:30:41Z",
    },
    EventType.JOB_RECOVERED: {
        "owner_kind": "job",
        "owner_id": _JOB,
        "run_id": _RUN,
        "recovered_from": "overdue",
        "since": _AT,
    },
    EventType.JOB_EXPIRING: {"job_id": _JOB, "expires_at": "2026-03-09T00:00:00Z"},
    EventType.JOB_EXPIRED: {"job_id": _JOB, "expires_at": "2026-03-02T00:00:00Z"},
    EventType.GROUP_EXPIRING: {"group_id": _OTHER, "expires_at": "2026-03-09T00:00:00Z"},
    EventType.GROUP_EXPIRED: {"group_id": _OTHER, "expires_at": "2026-03-02T00:00:00Z"},
    EventType.GROUP_FINISHED: {
        "group_id": _OTHER,
        "run_id": _RUN,
        "state": "failed",
        "error_code": "step_failed",
        "steps": [
            {"job_id": _JOB, "run_id": _RUN, "state": "failed", "error_code": "timeout"},
            {"job_id": _OTHER, "run_id": None, "state": "not_run", "error_code": None},
        ],
        "launched": [],
        "left_to_schedule": [_CAMPAIGN],
    },
    EventType.CAMPAIGN_LAUNCHED: {
        "campaign_id": _CAMPAIGN,
        "launched_at": _AT,
        "cause": "group",
        "run_id": _RUN,
        "launched_by": None,
    },
    EventType.PARTICIPANT_EXITED: {
        "participant_id": _RUN,
        "sequence_id": _JOB,
        "object_kind": "lead",
        "object_id": _OTHER,
        "reason": "exit_criteria",
        "run_id": None,
    },
    EventType.ACTION_DUE: {
        "participant_action_id": _RUN,
        "participant_id": _OTHER,
        "sequence_id": _JOB,
        "person_id": _CAMPAIGN,
        "type": "sms",
        "due_at": _AT,
    },
    EventType.QUOTA_EXHAUSTED: {
        "day": "2026-03-02",
        "reason": "quota_executions",
        "limit": 24,
        "job_id": _JOB,
        "resets_at": "2026-03-03T00:00:00Z",
    },
    EventType.WEBHOOK_ENDPOINT_DISABLED: {
        "webhook_endpoint_id": _ENDPOINT,
        "reason": "failing",
        "failing_since": "2026-02-25T02:30:00Z",
    },
    EventType.WEBHOOK_ENDPOINT_TESTED: {
        "webhook_endpoint_id": _ENDPOINT,
        "requested_by": "alice",
    },
}


def example_of(word: EventType) -> dict[str, Any]:
    """A whole event of this type, as a receiver gets it."""
    return {"id": _OTHER, "type": word.value, "timestamp": _AT, "data": _DATA[word]}
