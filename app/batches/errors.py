"""What can go wrong with batches.

Conflict ── AlreadyRunning                one of its runs is at work
"""

from app.core.errors import Conflict


class AlreadyRunning(Conflict):
    """The run {run_id} of this batch is at work."""
