"""A worker that stands still: its code ends by itself, before anybody runs it again."""

import signal

from tests.code_runs.making import error_of, published, start
from tests.code_runs.service import Service, are_gone, attempts_of, sandboxes_of
from tests.code_runs.test_deaths import FIRST_SLEEPS
from tests.faults.processes import until


async def test_code_of_a_frozen_worker_is_dead_before_the_next_attempt_begins(
    service: Service,
) -> None:
    job = await published(service.http, FIRST_SLEEPS, retries=1)
    frozen = await service.worker(PENSTOCK_SCORING__LEASE="PT6S")
    run_id = await start(service.http, job)
    await service.says(run_id, "attempt 0")
    inside = sandboxes_of(frozen)
    frozen.send_signal(signal.SIGSTOP)
    try:
        await service.worker()
        await service.says(run_id, "attempt 1")
        was_alone = are_gone(inside)
        await service.ended(run_id)
    finally:
        frozen.send_signal(signal.SIGCONT)

    async def has_noticed() -> bool:
        return sandboxes_of(frozen) == []

    await until(has_noticed)
    run = await service.read(run_id)
    assert inside
    assert was_alone
    assert attempts_of(run) == [(0, "worker_lost"), (1, "returned")]
    assert error_of(run) == ("succeeded", None)
    assert await service.texts(run_id) == ["attempt 0", "attempt 1"]
    assert frozen.returncode is None
