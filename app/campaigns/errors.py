"""What can go wrong with campaigns.

NotFound ── CampaignNotFound
Conflict ── CampaignCodeTaken · MemberStatusInUse · CampaignAlreadyLaunched
Invalid ─── InvalidCampaign                         its member statuses contradict each other
"""

from app.core.errors import Conflict, Invalid, NotFound


class CampaignNotFound(NotFound):
    """There is no such campaign."""


class CampaignCodeTaken(Conflict):
    """Another campaign has this code."""


class MemberStatusInUse(Conflict):
    """Responses have this member status: it stays, and stays responded or not."""


class CampaignAlreadyLaunched(Conflict):
    """It was launched at {launched_at:%Y-%m-%d %H:%M:%S} UTC; say `again: true` to do so again."""


class InvalidCampaign(Invalid):
    """The member statuses make no sense at the places listed."""
