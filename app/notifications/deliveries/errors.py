"""What can go wrong with deliveries.

NotFound ── DeliveryNotFound
Conflict ── DeliveryPending       it will be attempted anyway
Gone ────── EventForgotten        there is nothing left to send
"""

from app.core.errors import Conflict, Gone, NotFound


class DeliveryNotFound(NotFound):
    """There is no such delivery."""


class DeliveryPending(Conflict):
    """The delivery is still waiting for its next attempt."""


class EventForgotten(Gone):
    """The event of this delivery is kept no longer."""
