"""What can go wrong with runs."""

from app.core.errors import Conflict, NotFound


class RunNotFound(NotFound):
    """No run has the id {run_id}."""


class RunNotCancellable(Conflict):
    """This run has ended, or is of a kind that cannot be cancelled."""
