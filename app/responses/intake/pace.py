"""How long the next intake transaction lets requests gather. Pure.

    the last one was short: the machine is idle ──▶ at once
    it took long ──▶ for as long as more requests keep coming, while nobody has waited long

Where the machine is busy, beside an import of a file, what a transaction costs by itself is most of
what a lone request costs: trips, statements made ready, a commit. Four requests in one cost the
machine half of what they cost it in four, and the import goes on with what is left.
"""

# Twice what a transaction takes where nothing else is at work.
BUSY_SECONDS = 0.008
LONGEST_SECONDS = 0.016
# Nobody else in so long: all who would come wait for their answers.
QUIET_SECONDS = 0.007
ENOUGH = 8


def pause(*, took: float, waiting: int, waited: float) -> float:
    """Seconds to wait for more requests; if none has come in them, the transaction begins.

    Args:
        took: how long the last transaction took, in seconds.
        waiting: how many requests wait.
        waited: for how long the oldest has waited, in seconds.
    """
    if took <= BUSY_SECONDS or waiting >= ENOUGH:
        return 0.0
    return max(0.0, min(QUIET_SECONDS, LONGEST_SECONDS - waited))
