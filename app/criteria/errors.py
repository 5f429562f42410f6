"""What can go wrong with criteria: one error that names every wrong place."""

from app.core.errors import Invalid


class InvalidCriteria(Invalid):
    """The criteria make no sense at the places listed."""
