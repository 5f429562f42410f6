"""What can go wrong with actions.

NotFound ── ActionNotFound
Conflict ── ActionOver                    it has ended, or an e-mail of it is on its way
            ActionNotNext                 others come before it
            ActionIsAutomatic             the batch sends it; it can be skipped or moved
Invalid ─── InvalidMoment
"""

from app.core.errors import Conflict, Invalid, NotFound


class ActionNotFound(NotFound):
    """There is no such action."""


class ActionOver(Conflict):
    """The action is {status}; nothing of it can be changed."""


class ActionNotNext(Conflict):
    """Other actions of this participant come first."""


class ActionIsAutomatic(Conflict):
    """The batch sends this e-mail; it can be skipped or moved, not completed."""


class InvalidMoment(Invalid):
    """The moment makes no sense."""
