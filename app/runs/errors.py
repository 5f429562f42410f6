"""What can go wrong with runs."""

from app.core.errors import NotFound


class RunNotFound(NotFound):
    """No run has the id {run_id}."""
