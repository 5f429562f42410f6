"""What can go wrong with the definitions of sequences.

NotFound ── SequenceNotFound
Conflict ── SequenceNameTaken · WrongSequenceState · SequenceHasParticipants
Invalid ─── InvalidSequence               places of it make no sense
            SequenceNotActivatable        places of it say too little
"""

from app.core.errors import Conflict, Invalid, NotFound


class SequenceNotFound(NotFound):
    """There is no such sequence."""


class SequenceNameTaken(Conflict):
    """Another sequence has this name."""


class WrongSequenceState(Conflict):
    """The sequence cannot become {wanted}: it is {state}."""


class SequenceHasParticipants(Conflict):
    """Actions come, go, move or become others only while nobody is in the sequence."""


class InvalidSequence(Invalid):
    """The sequence makes no sense at the places listed."""


class SequenceNotActivatable(Invalid):
    """The sequence lacks something before it can be active."""
