"""What can go wrong with participants.

NotFound ── ParticipantNotFound
Conflict ── ParticipantGone               it has left the sequence, or come to its end
            SequenceNotOpen               nobody comes into a draft
"""

from app.core.errors import Conflict, NotFound


class ParticipantNotFound(NotFound):
    """There is no such participant in this sequence."""


class ParticipantGone(Conflict):
    """The participant is in the sequence no more: {state}."""


class SequenceNotOpen(Conflict):
    """The sequence is a draft without actions; nobody can come in."""
