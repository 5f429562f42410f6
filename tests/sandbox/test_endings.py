"""How a run ends, and with which word."""

import asyncio
import signal
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.code_users import USERS
from tests.sandbox.running import GRACE, SMALL, Jobs, Ran, a_driver
from workers.sandbox.counts import Counts
from workers.sandbox.errors import CodeUnreadable
from workers.sandbox.lines import Level
from workers.sandbox.outcome import Ended, Limit


@pytest.mark.parametrize("place", ["main.py", "src/main.py"])
async def test_main_returns_what_it_returns(jobs: Jobs, place: str) -> None:
    ran = await jobs.run(jobs.code("def main(): return {'rows': [1, 'two', None]}", place=place))

    assert (ran.outcome.ended, ran.outcome.error) == (Ended.RETURNED, "")
    assert ran.outcome.value == {"rows": [1, "two", None]}
    assert ran.outcome.counts is None
    assert ran.outcome.exit_code == 0
    assert timedelta(0) < ran.outcome.elapsed


async def test_main_is_given_the_event_if_it_takes_one(jobs: Jobs) -> None:
    event = await jobs.value("def main(event): return event", body={"rows": 3})

    assert event == {
        "body": {"rows": 3},
        "query_string_parameters": {},
        "source": "api",
        "job_name": "nightly",
        "job_instance_id": "run-1",
        "retry_attempt": 0,
    }


async def test_a_large_event_arrives_whole(jobs: Jobs) -> None:
    assert await jobs.value("def main(event): return len(event['body'])", body="x" * 3_000_000) == (
        3_000_000
    )


async def test_an_async_main_is_awaited(jobs: Jobs) -> None:
    assert await jobs.value("async def main(): return 5") == 5


async def test_counts_are_counts(jobs: Jobs) -> None:
    ran = await jobs.run("def main(): return {'total': 9, 'succeeded': 5, 'failed': 2}")

    assert ran.outcome.counts == Counts(total=9, succeeded=5, failed=2, skipped=0)
    assert ran.outcome.counts.unprocessed == 2


@pytest.mark.parametrize(
    ("value", "warning"),
    [
        ("{'total': 1, 'succeeded': 2}", "more than their `total`"),
        ("{'succeeded': -1}", "`succeeded`"),
        ("{'failed': True}", "`failed`"),
        ("{'skipped': 1.5}", "`skipped`"),
        ("{1, 2}", "no JSON (set)"),
        ("float('nan')", "no JSON (float)"),
        ("object()", "no JSON (object)"),
        ("'x' * 2**21", "more than 1048576 bytes"),
    ],
)
async def test_what_cannot_be_kept_is_a_warning_and_no_failure(
    jobs: Jobs, value: str, warning: str
) -> None:
    ran = await jobs.run(f"def main(): return {value}")

    assert (ran.outcome.ended, ran.outcome.counts) == (Ended.RETURNED, None)
    (said,) = ran.outcome.warnings
    assert warning in said


async def test_an_exception_is_told_with_its_own_lines_and_without_ours(jobs: Jobs) -> None:
    ran = await jobs.run("def main():\n    rows = 0\n    return 1 / rows\n")

    assert (ran.outcome.ended, ran.outcome.exit_code) == (Ended.RAISED, 1)
    assert ran.outcome.error.endswith("ZeroDivisionError: division by zero")
    assert "line 3, in main" in ran.outcome.error
    assert "penstock" not in ran.outcome.error
    assert ran.at(Level.ERROR)[-1] == "ZeroDivisionError: division by zero"


async def test_secrets_in_an_exception_are_covered(jobs: Jobs) -> None:
    source = """
        from helper import LS
        def main(): raise ValueError(f"cannot log in with {LS.settings.password}")
    """
    ran = await jobs.run(source, secrets={"password": "open-sesame"})

    assert ran.outcome.error.endswith("ValueError: cannot log in with ***")
    assert "sesame" not in repr(ran)


@pytest.mark.parametrize(
    ("source", "ended", "code"),
    [
        ("import sys\ndef main(): sys.exit()", Ended.RETURNED, 0),
        ("import sys\ndef main(): sys.exit(0)", Ended.RETURNED, 0),
        ("import sys\ndef main(): sys.exit(3)", Ended.RAISED, 3),
        ("import sys\ndef main(): sys.exit('no rows')", Ended.RAISED, 1),
        ("import os\ndef main(): os._exit(0)", Ended.RAISED, 0),
        ("import os\ndef main(): os._exit(7)", Ended.RAISED, 7),
        ("import atexit, os\natexit.register(os._exit, 9)\ndef main(): pass", Ended.RAISED, 9),
        ("def main(one, two): pass", Ended.RAISED, 1),
        ("def other(): pass", Ended.RAISED, 1),
        ("def main(: pass", Ended.RAISED, 1),
        ("class E(Exception):\n  def __str__(self): raise self\ndef main(): raise E", "raised", 1),
    ],
)
async def test_ways_to_end(jobs: Jobs, source: str, ended: Ended, code: int) -> None:
    outcome = (await jobs.run(source)).outcome

    assert (outcome.ended, outcome.exit_code) == (ended, code)
    assert bool(outcome.error) is (ended == Ended.RAISED)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT])
async def test_a_signal_is_named(jobs: Jobs, number: signal.Signals) -> None:
    source = f"import os\ndef main(): os.kill(os.getpid(), {int(number)})"
    outcome = (await jobs.run(source)).outcome

    assert (outcome.ended, outcome.signal, outcome.limit) == (Ended.KILLED, number, None)
    assert number.name in outcome.error


async def test_the_deadline_is_enforced(jobs: Jobs) -> None:
    """Whether its code has begun by then or not, as on a slow machine."""
    outcome = (await jobs.run("import time\ndef main(): time.sleep(60)", seconds=1)).outcome

    assert outcome.ended is Ended.TIMEOUT
    assert outcome.elapsed >= timedelta(seconds=1)


async def test_code_is_asked_to_end_and_has_its_grace(
    jobs: Jobs, scratch: Path, first_user: int
) -> None:
    patient = """
        import os, time
        def main():
            try:
                print("on it", flush=True)
                time.sleep(60)
            finally:
                open(os.environ["OUTPUT_DIR"] + "/half", "w").write("kept")
                print("cleaned up")
    """
    grace = timedelta(minutes=4)
    jobs.driver = a_driver(scratch, first_user=first_user, users=USERS, grace=grace)
    ran = await _told_to_end(jobs, patient)

    assert ran.outcome.ended is Ended.CANCELLED
    assert ran.texts[:2] == ["on it", "cleaned up"]
    assert [file.name for file in ran.outcome.files] == ["half"]


async def test_whoever_ignores_term_is_killed_after_the_grace(jobs: Jobs) -> None:
    stubborn = """
        import signal, time
        def main():
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            print("deaf", flush=True)
            while True:
                time.sleep(0.05)
    """
    ran = await _told_to_end(jobs, stubborn)

    assert (ran.outcome.ended, ran.texts) == (Ended.CANCELLED, ["deaf"])
    assert ran.outcome.elapsed >= GRACE
    assert ran.outcome.signal == signal.SIGKILL


async def _told_to_end(jobs: Jobs, source: str) -> Ran:
    """As soon as it has said something."""
    enough = asyncio.Event()
    return await jobs.run(source, is_cancelled=enough, on_line=lambda _: enough.set())


async def test_a_run_can_be_cancelled(jobs: Jobs) -> None:
    enough = asyncio.Event()
    ran = await jobs.run(
        "import time\ndef main():\n    print('go'); time.sleep(60)",
        is_cancelled=enough,
        on_line=lambda _: enough.set(),
    )

    assert ran.outcome.ended is Ended.CANCELLED
    assert ran.outcome.elapsed < timedelta(seconds=50)


async def test_a_cancelled_task_leaves_nothing(jobs: Jobs) -> None:
    has_begun = asyncio.Event()
    source = "import time\ndef main():\n    print('go'); time.sleep(60)"
    task = asyncio.create_task(jobs.run(source, on_line=lambda _: has_begun.set()))
    await has_begun.wait()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_whoever_listens_and_fails_ends_the_run(jobs: Jobs) -> None:
    def fail(_: object) -> None:
        raise LookupError("no room for lines")

    with pytest.raises(ExceptionGroup) as failed:
        await jobs.run("import time\ndef main():\n    print('go'); time.sleep(60)", on_line=fail)

    assert failed.group_contains(LookupError)


async def test_daemons_do_not_outlive_main(jobs: Jobs) -> None:
    source = """
        import os, time
        def main():
            heard, said = os.pipe()
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    print("daemon", flush=True)
                    os.write(said, b"x")
                    for descriptor in range(64):
                        try: os.close(descriptor)
                        except OSError: pass
                    while True: time.sleep(1)
                os._exit(0)
            os.wait()
            os.read(heard, 1)
            return "done"
    """
    ran = await jobs.run(source)

    assert (ran.outcome.value, ran.texts) == ("done", ["daemon"])


async def test_a_fork_that_returns_is_not_the_run(jobs: Jobs) -> None:
    source = """
        import os
        def main():
            if (child := os.fork()) == 0:
                return "child"
            os.waitpid(child, 0)
            return "parent"
    """
    assert await jobs.value(source) == "parent"


async def test_code_without_main_py_is_not_begun(jobs: Jobs) -> None:
    with pytest.raises(CodeUnreadable):
        await jobs.run(jobs.code("", place="job.py"))


async def test_cpu_time_is_a_limit_of_its_own(jobs: Jobs) -> None:
    limits = replace(SMALL, cpu_seconds=1)
    outcome = (await jobs.run("def main():\n    while True: pass", limits=limits)).outcome

    assert (outcome.ended, outcome.limit) == (Ended.KILLED, Limit.CPU_SECONDS)
