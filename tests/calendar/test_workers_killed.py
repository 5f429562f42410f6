"""A thousand moments that are due at once, and two of three workers killed over them."""

from collections import Counter
from datetime import datetime

from tests.calendar.conftest import MakeCustomer
from tests.calendar.installation import HOUR, MINUTE, ROOMY, Customer, Installation, Json
from tests.faults.processes import kill

CUSTOMERS, JOBS, MOMENTS = 5, 5, 40
QUARTER = 15 * MINUTE
_OVER = """
SELECT count(*) FROM runs WHERE trigger = 'schedule' AND queued_at >= '{since}'
   AND state IN ('succeeded', 'failed')
"""
_ALIVE = "SELECT count(*) FROM heartbeats WHERE seen_at > clock_timestamp() - interval '60 s'"


async def test_each_of_a_thousand_due_moments_has_one_run(
    installation: Installation, make_customer: MakeCustomer
) -> None:
    """Each customer has jobs that buffer what they cannot do at once; all of it becomes due."""
    first = await installation.now() + HOUR
    every = {"type": "interval", "every": "PT15M", "starts_at": first.isoformat()}
    schedule = every | {"overlap": "buffer_all", "catch_up": "PT12H"}
    jobs: list[tuple[Customer, Json]] = []
    for _ in range(CUSTOMERS):
        customer = await make_customer(**ROOMY)
        jobs += [
            (customer, await customer.published(f"job-{number}", schedule=schedule))
            for number in range(JOBS)
        ]
    workers = [
        await installation.ground.processes.worker(PENSTOCK_SCORING__LEASE="PT2S") for _ in range(2)
    ]
    await installation.until_counted(_ALIVE, 3)
    last = first + (MOMENTS - 1) * QUARTER
    await installation.step(last + MINUTE - await installation.now())
    over = _OVER.format(since=last.isoformat())
    for worker, done in zip(workers, (100, 400), strict=True):
        await installation.until_counted(over, done)
        await kill(worker)
    await installation.until_counted(over, CUSTOMERS * JOBS * MOMENTS)

    moments = [first + number * QUARTER for number in range(MOMENTS)]
    for customer, job in jobs:
        fires = await customer.fires(job)
        assert [datetime.fromisoformat(fire["planned_at"]) for fire in fires] == moments
        assert {fire["outcome"] for fire in fires} == {"ran"}
        runs = await customer.runs(job)
        assert [fire["run_id"] for fire in fires] == [run["id"] for run in runs]
        assert Counter(run["state"] for run in runs) == {"succeeded": MOMENTS}
