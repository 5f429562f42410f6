"""A sandbox whose worker says nothing any more ends by itself; one that is spoken for goes on."""

from datetime import timedelta

import psutil

from tests.sandbox.running import Jobs
from workers.sandbox.leash import Leash, moment
from workers.sandbox.lines import LogLine
from workers.sandbox.outcome import Ended

SLEEPS = "import time\ndef main():\n    print('on it', flush=True)\n    time.sleep(60)"
LONG, SHORT = timedelta(minutes=1), timedelta(seconds=0.5)


async def test_without_a_word_it_is_killed(jobs: Jobs) -> None:
    async with Leash(SHORT, since=moment()) as leash:
        ran = await jobs.run(SLEEPS, leash=leash)

    assert (ran.outcome.ended, ran.outcome.signal) == (Ended.FORSAKEN, 9)
    assert ran.outcome.elapsed < timedelta(seconds=15)


async def test_code_never_begins_once_the_leash_is_over(jobs: Jobs) -> None:
    async with Leash(SHORT, since=moment() - 1) as leash:
        ran = await jobs.run(SLEEPS, leash=leash)

    assert (ran.outcome.ended, ran.texts) == (Ended.FORSAKEN, [])


async def test_each_word_lets_it_go_on(jobs: Jobs) -> None:
    """It says a line every twentieth of a second, for longer than one word holds."""
    source = """
        import time
        def main():
            for n in range(40):
                print(n, flush=True)
                time.sleep(0.05)
            return "done"
    """
    leash = Leash(timedelta(seconds=1.5), since=moment())

    def spoken_for(_: LogLine) -> None:
        leash.extend(since=moment())

    async with leash:
        ran = await jobs.run(source, leash=leash, on_line=spoken_for)

    assert (ran.outcome.ended, ran.outcome.value) == (Ended.RETURNED, "done")


async def test_without_a_keeper_nothing_runs_on(jobs: Jobs) -> None:
    def kill_keeper(_: LogLine) -> None:
        (keeper,) = (p for p in psutil.Process().children() if "keeper.py" in str(p.cmdline()))
        keeper.kill()

    async with Leash(LONG, since=moment()) as leash:
        ran = await jobs.run(SLEEPS, leash=leash, on_line=kill_keeper)

    assert ran.outcome.ended is Ended.FORSAKEN
