"""Workers die or are stopped while code runs: it dies with them, and is never the same attempt."""

import signal
from collections.abc import Awaitable, Callable

import pytest

from tests.code_runs.making import error_of, published, start
from tests.code_runs.service import Service, are_gone, attempts_of, sandboxes_of
from tests.faults.processes import until

FIRST_SLEEPS = """
    import time
    def main(event):
        print("attempt", event["retry_attempt"], flush=True)
        if event["retry_attempt"] == 0: time.sleep(600)
"""


async def test_a_killed_worker_takes_its_sandbox_along_and_the_next_attempt_follows(
    service: Service,
) -> None:
    job = await published(service.http, FIRST_SLEEPS, retries=1)
    first = await service.worker()
    run_id = await start(service.http, job)
    await service.says(run_id, "attempt 0")
    inside = sandboxes_of(first)
    first.kill()
    await service.gone(first)
    await until(_of(lambda: are_gone(inside)))
    await service.worker()
    run = await service.ended(run_id)

    assert inside
    assert attempts_of(run) == [(0, "worker_lost"), (1, "returned")]
    assert (error_of(run), run["attempt"]) == (("succeeded", None), 1)
    assert await service.texts(run_id) == ["attempt 0", "attempt 1"]


async def test_without_retries_a_lost_worker_is_the_end(service: Service) -> None:
    job = await published(service.http, FIRST_SLEEPS)
    first = await service.worker()
    run_id = await start(service.http, job)
    await service.says(run_id, "attempt 0")
    first.kill()
    await service.gone(first)
    await service.worker()
    run = await service.ended(run_id)

    assert error_of(run) == ("failed", "worker_lost")
    assert await service.texts(run_id) == ["attempt 0"]


@pytest.mark.parametrize(
    ("retries", "ending", "endings"),
    [
        (0, ("failed", "worker_stopped"), [(0, "worker_stopped")]),
        (1, ("succeeded", None), [(0, "worker_stopped"), (1, "returned")]),
    ],
)
async def test_code_that_outlasts_the_drain_is_stopped_and_uses_up_no_retry(
    service: Service,
    retries: int,
    ending: tuple[str, str | None],
    endings: list[tuple[int, str]],
) -> None:
    job = await published(service.http, FIRST_SLEEPS, retries=retries)
    first = await service.worker(PENSTOCK_WORKERS__DRAIN_TIMEOUT="PT0.5S")
    run_id = await start(service.http, job)
    await service.says(run_id, "attempt 0")
    inside = sandboxes_of(first)
    first.send_signal(signal.SIGTERM)
    await service.gone(first)
    await service.worker()
    run = await service.ended(run_id)

    assert (first.returncode, are_gone(inside)) == (0, True)
    assert (error_of(run), attempts_of(run)) == (ending, endings)


async def test_code_that_is_done_in_time_outlives_sigterm(service: Service) -> None:
    source = "import time\ndef main():\n    print('on it', flush=True)\n    time.sleep(1.5)"
    job = await published(service.http, source)
    first = await service.worker()
    run_id = await start(service.http, job)
    await service.says(run_id, "on it")
    first.send_signal(signal.SIGTERM)

    await service.gone(first)
    assert first.returncode == 0
    assert error_of(await service.read(run_id)) == ("succeeded", None)


@pytest.mark.parametrize(
    ("failpoint", "endings"),
    [
        # The claim, what is prepared, the beginning: only after the last an attempt has begun.
        ("run_claim.before_commit:1", [(0, "returned")]),
        ("run_claim.after_commit:2", [(0, "returned")]),
        ("run_claim.before_commit:3", [(0, "returned")]),
        ("run_claim.after_commit:3", [(0, "worker_lost"), (1, "returned")]),
        ("run_progress.before_commit:1", [(0, "worker_lost"), (1, "returned")]),
        ("run_end.before_commit:1", [(0, "worker_lost"), (1, "returned")]),
        ("run_end.after_commit:1", [(0, "returned")]),
    ],
)
async def test_killed_anywhere_an_attempt_is_made_once_or_known_to_be_lost(
    service: Service, failpoint: str, endings: list[tuple[int, str]]
) -> None:
    job = await published(service.http, "def main(event): print(event['retry_attempt'])", retries=1)
    # Nothing is renewed meanwhile, or that would be what it dies of.
    told = {"PENSTOCK_SCORING__LEASE": "PT5M"}
    first = await service.worker(PENSTOCK_FAILPOINT=failpoint, **told)
    run_id = await start(service.http, job)
    await service.gone(first)
    await service.worker()
    run = await service.ended(run_id)

    assert first.returncode == -signal.SIGKILL
    assert (error_of(run), attempts_of(run)) == (("succeeded", None), endings)
    said = await service.texts(run_id)
    assert len(said) == len(set(said))
    assert said[-1] == str(endings[-1][0])


def _of(holds: Callable[[], bool]) -> Callable[[], Awaitable[bool]]:
    async def later() -> bool:
        return holds()

    return later
