"""What can go wrong with the definitions of jobs.

NotFound ── JobNotFound · JobVersionNotFound
Gone ────── JobExpired                        its runs stay readable
Conflict ── JobNameTaken · TooManyJobs · WrongJobState · JobHasNoCode
            JobNotPublished · JobNotAdHoc · AlreadyRunning       it cannot be started
            JobInGroup                                           its group needs it as it is
Invalid ─── InvalidJob                        places of it make no sense
            JobNotPublishable                 places of it say too little, or what the plan forbids
Forbidden ─ CodeNotInPlan
Unavailable InstallationsWaiting · LayerLeaving
"""

from datetime import timedelta

from app.core.errors import Conflict, Forbidden, Gone, Invalid, NotFound, Unavailable


class JobNotFound(NotFound):
    """There is no such job."""


class JobVersionNotFound(NotFound):
    """The job has no such version of its code."""


class JobExpired(Gone):
    """The job expired at {expires_at:%Y-%m-%d %H:%M:%S} UTC; its runs can still be read."""


class JobNameTaken(Conflict):
    """Another job has this name."""


class TooManyJobs(Conflict):
    """The plan has room for {most} jobs; delete one first."""


class WrongJobState(Conflict):
    """The job cannot become {wanted}: it is {state}."""


class JobHasNoCode(Conflict):
    """Only a job of kind code has variables and versions."""


class JobNotPublished(Conflict):
    """The job is {state}; only a published one runs."""


class JobNotAdHoc(Conflict):
    """The job runs by its schedule alone; it is not `ad_hoc`."""


class AlreadyRunning(Conflict):
    """Its run {run_id} is at work."""


class JobInGroup(Conflict):
    """The job is in the group {group_id}; take it out of there before it is {deed}."""


class InvalidJob(Invalid):
    """The job makes no sense at the places listed."""


class JobNotPublishable(Invalid):
    """The job cannot be published before the places listed are put right."""


class CodeNotInPlan(Forbidden):
    """The plan of the account has no code jobs."""


class LayerLeaving(Unavailable):
    """What these requirements came to is just being deleted; the same call may work in a moment."""

    retry_after = timedelta(seconds=5)


class InstallationsWaiting(Unavailable):
    """Other uploads' requirements are being installed; the same call may work in a minute."""

    retry_after = timedelta(minutes=1)
