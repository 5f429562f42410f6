"""What can go wrong with a schedule that is well-formed; pointers are those within the schedule.

Invalid ── InvalidSchedule    it would never run, or asks for what is not the caller's
           SlotOver           the drawn minute would lie in the past
           GapTooSmall        two of its fires are nearer to each other than allowed
"""

from app.core.errors import Invalid


class InvalidSchedule(Invalid):
    """The schedule makes no sense at the places listed."""


class SlotOver(Invalid):
    """No minute of the slot is left on {day:%Y-%m-%d}; the next slot is {next_slot} of hour
    {next_hour} on {next_on:%Y-%m-%d}."""


class GapTooSmall(Invalid):
    """The fires at {first} and {second} are less than {minimum_minutes:g} minutes apart."""
