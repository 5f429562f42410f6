"""As whom the suite runs customers' code, where it is root: nobody shares users with anybody.

A pytest process looks for what its own users left behind, and would find what another one's still
run. So each part of the suite has a thousand of them, and in it each pytest process some.

     61000  the storm of faults, of which there is one
     62000  tests/sandbox                        63000  tests/code_runs
     62960  tests/sandbox, started by a test     64000  tests/calendar
"""

USERS = 40
STORM, SANDBOX, CODE_RUNS, CALENDAR = 61_000, 62_000, 63_000, 64_000
_ALONE = 24  # a pytest process that has no others beside it may be one that a test started


def first_user(part: int, worker_id: str) -> int:
    """The first of `USERS` users of this pytest process, as pytest-xdist calls it."""
    number = _ALONE if worker_id == "master" else int(worker_id.removeprefix("gw"))
    assert 0 <= number <= _ALONE
    return part + USERS * number
