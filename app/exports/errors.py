"""What can go wrong with exports."""

from app.core.errors import Invalid


class InvalidExport(Invalid):
    """The export makes no sense at the places listed."""
