"""What people, users and opportunities are."""

from enum import StrEnum


class PersonKind(StrEnum):
    LEAD = "lead"
    CONTACT = "contact"


class UserKind(StrEnum):
    PERSON = "person"
    INTEGRATION = "integration"


class OpportunityState(StrEnum):
    OPEN = "open"
    WON = "won"
    LOST = "lost"
