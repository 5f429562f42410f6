"""What can go wrong with batches.

NotFound ── BatchNotFound
Conflict ── AlreadyRunning                one of its runs is at work
"""

from app.core.errors import Conflict, NotFound


class BatchNotFound(NotFound):
    """There is no such batch; they are campaign, contact, lead and opportunity."""


class AlreadyRunning(Conflict):
    """The run {run_id} of this batch is at work."""
