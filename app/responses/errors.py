"""What can go wrong with responses and windows.

NotFound ── ResponseNotFound · WindowNotFound
Conflict ── NotScored · WindowClosed · WindowNotHeld
Invalid ─── ResponseRejected · HoldTooLong · HoldInThePast
"""

from app.core.errors import Conflict, Invalid, NotFound


class ResponseNotFound(NotFound):
    """No response has the id {response_id}."""


class NotScored(Conflict):
    """The response has no score: {status}."""


class WindowNotFound(NotFound):
    """No window has the id {window_id}."""


class WindowClosed(Conflict):
    """The window closed at {closed_at:%H:%M:%S} UTC ({reason}); only an open one can be moved."""


class HoldTooLong(Invalid):
    """A window can be held at most 24 hours ahead."""


class HoldInThePast(Invalid):
    """A window can only be held until a moment that is still to come."""


class ResponseRejected(Invalid):
    """The response was not taken in: {reason}."""
