"""When fires are due, which of them may run, and what is late. Pure; a settled schedule and a
clock's word in, moments in UTC out.

    settled ──▶ stored ──▶ planned, next_planned, preview ──▶ which_to_catch_up
                       ──▶ first_gap_below
                       ──▶ standing
"""

from app.schedules.rules.catching_up import CatchUp, catch_up_of, period_at, which_to_catch_up
from app.schedules.rules.gaps import first_gap_below, refuse_small_gaps
from app.schedules.rules.overdue import Outlook, Standing, standing
from app.schedules.rules.planning import Planned, Refusal, next_planned, planned, preview
from app.schedules.rules.settling import settled

__all__ = [
    "CatchUp",
    "Outlook",
    "Planned",
    "Refusal",
    "Standing",
    "catch_up_of",
    "first_gap_below",
    "next_planned",
    "period_at",
    "planned",
    "preview",
    "refuse_small_gaps",
    "settled",
    "standing",
    "which_to_catch_up",
]
