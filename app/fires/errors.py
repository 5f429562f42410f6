"""What can go wrong with timetables.

Conflict ── NotScheduled
"""

from app.core.errors import Conflict


class NotScheduled(Conflict):
    """It plans no fires: it has no schedule, or is not published."""
