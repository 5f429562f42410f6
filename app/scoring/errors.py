"""What can go wrong with scoring settings and rulesets.

NotFound ── RulesetNotFound
Invalid ─── InvalidSettings                         they name a campaign that is not there
"""

from app.core.errors import Invalid, NotFound


class RulesetNotFound(NotFound):
    """There is no such ruleset."""


class InvalidSettings(Invalid):
    """The settings make no sense at the places listed."""
