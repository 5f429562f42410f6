"""What can go wrong with groups and their runs.

NotFound ── GroupNotFound
Gone ────── GroupExpired                      its runs stay readable
Conflict ── GroupNameTaken · JobInAnotherGroup
            GroupNotActive                    only an active one runs
            RunNotResumable · AlreadyResumed
Invalid ─── InvalidGroup                      places of it make no sense, or say too little
"""

from app.core.errors import Conflict, Gone, Invalid, NotFound


class GroupNotFound(NotFound):
    """There is no such group."""


class GroupExpired(Gone):
    """The group expired at {expires_at:%Y-%m-%d %H:%M:%S} UTC; its runs can still be read."""


class GroupNameTaken(Conflict):
    """Another group has this name."""


class JobInAnotherGroup(Conflict):
    """A job can be in one group only; those at the places listed are in others."""


class GroupNotActive(Conflict):
    """The group is {state}; only an active one runs."""


class RunNotResumable(Conflict):
    """Only a run of a group that has failed or was cancelled can be resumed."""


class AlreadyResumed(Conflict):
    """The run was resumed already, by the run {run_id}; a failed one of these can be resumed."""


class InvalidGroup(Invalid):
    """The group makes no sense at the places listed."""
