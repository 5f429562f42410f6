"""What can go wrong with opportunities.

NotFound ── OpportunityNotFound
Conflict ── ExternalIdTaken
Invalid ─── PersonNotFound · PersonTwice       in the contacts of an opportunity
"""

from app.core.errors import Conflict, Invalid, NotFound


class OpportunityNotFound(NotFound):
    """No opportunity has the id {opportunity_id}."""


class ExternalIdTaken(Conflict):
    """Another opportunity has this external id."""


class PersonNotFound(Invalid):
    """Some of the contacts are not people of this account."""


class PersonTwice(Invalid):
    """A person has one role in an opportunity, not two."""
