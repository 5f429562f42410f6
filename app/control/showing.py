"""A run as it is answered with."""

from app.models import Run
from app.models.states import RunKind, RunState
from app.runs.schemas import RunError, RunRead

# How a run of code is kept going; of no use to anybody else, and its body may be large.
_HIDDEN = ("at_work", "held", "held_since", "retries_used", "body", "query", "version")


def shown(run: Run) -> RunRead:
    """The wire shape of a run."""
    failed = run.error_code is not None
    details = {name: told for name, told in run.details.items() if name not in _HIDDEN}
    progress = details.pop("progress", None)
    return RunRead.model_validate(
        {
            **run.model_dump(),
            "details": details,
            "progress": progress if run.state is RunState.RUNNING else None,
            "campaign_id": run.subject_id if run.kind is RunKind.SCORING else None,
            "upload_id": run.subject_id if run.kind is RunKind.IMPORT else None,
            "error": RunError(code=run.error_code or "", detail=run.error_detail or "")
            if failed
            else None,
        }
    )
