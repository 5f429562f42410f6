"""How long intake transactions wait for requests and for each other. Pure.

    another one is at work ──▶ after it, unless it takes long
    the last one was short, or nobody came during it ──▶ at once
    it took long, others came ──▶ for as long as more keep coming, while nobody has waited long

Where the machine is busy, beside an import of a file, what a transaction costs by itself is most of
what a lone request costs: trips, statements made ready, a commit. Four requests in one cost the
machine half of what they cost it in four, and the import goes on with what is left. Somebody who
sends one request after the other would wait for nobody, however slow the disk is.
"""

# Twice what a transaction takes where nothing else is at work.
BUSY_SECONDS = 0.008
LONGEST_SECONDS = 0.016
# Nobody else in so long: all who would come wait for their answers.
QUIET_SECONDS = 0.007
ENOUGH = 8
# Ten times what a transaction takes where nothing else is at work.
LONG_SECONDS = 0.05


def stand_back(*, at_work: float) -> float:
    """Seconds to wait for a transaction that has been at work for so long; 0 is beside it."""
    return max(0.0, LONG_SECONDS - at_work)


def is_worth_waiting(*, took: float, came: int) -> bool:
    """Whether the next transaction should be for more requests than wait already.

    Args:
        took: how long the last transaction took, in seconds.
        came: how many requests came meanwhile.
    """
    return took > BUSY_SECONDS and came > 0


def pause(*, waiting: int, waited: float) -> float:
    """Seconds to wait for more requests; if none has come in them, the transaction begins.

    Args:
        waiting: how many requests wait.
        waited: for how long the oldest has waited, in seconds.
    """
    if waiting >= ENOUGH:
        return 0.0
    return max(0.0, min(QUIET_SECONDS, LONGEST_SECONDS - waited))
