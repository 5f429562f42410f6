"""Whether a run moved as many rows as its job usually does. Pure."""

from collections.abc import Sequence
from statistics import median

LEAST_EARLIER = 5
MOST_EARLIER = 20
_TIMES = 5


def usual_rows(earlier: Sequence[int]) -> float | None:
    """The median of the last twenty successes; None where there are too few to say.

    Args:
        earlier: rows of earlier successes, newest first.
    """
    if len(earlier) < LEAST_EARLIER:
        return None
    return float(median(earlier[:MOST_EARLIER]))


def is_unusual(rows: int, earlier: Sequence[int]) -> bool:
    """Whether a number of rows is so far from usual that somebody should look.

    None at all, or under a fifth, or over five times of what is usual; exactly a fifth and exactly
    five times are usual. Where there usually are none, nothing is unusual.
    """
    usual = usual_rows(earlier)
    if not usual:
        return False
    return rows == 0 or rows * _TIMES < usual or rows > usual * _TIMES
