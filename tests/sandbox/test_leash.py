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
    assert ran.outcome.elapsed < timedelta(seconds=50)


async def test_code_never_begins_once_the_leash_is_over(jobs: Jobs) -> None:
    async with Leash(SHORT, since=moment() - 1) as leash:
        ran = await jobs.run(SLEEPS, leash=leash)

    assert (ran.outcome.ended, ran.texts) == (Ended.FORSAKEN, [])


async def test_each_word_lets_it_go_on(jobs: Jobs) -> None:
    """Its first line leaves it six seconds, and from each other one on it has a minute."""
    source = """
        import time
        def main():
            for n in range(13):
                print(n, flush=True)
                time.sleep(0.5)
            return "done"
    """
    leash = Leash(LONG, since=moment())

    def spoken_for(line: LogLine) -> None:
        leash.extend(since=moment() - (54 if line.text == "0" else 0))

    async with leash:
        ran = await jobs.run(source, leash=leash, on_line=spoken_for)

    assert (ran.outcome.ended, ran.outcome.value) == (Ended.RETURNED, "done")


async def test_without_a_keeper_nothing_runs_on(jobs: Jobs) -> None:
    def kill_keeper(_: LogLine) -> None:
        (keeper,) = (p for p in psutil.Process().children() if "keeper.py" in _command(p))
        keeper.kill()

    async with Leash(LONG, since=moment()) as leash:
        ran = await jobs.run(SLEEPS, leash=leash, on_line=kill_keeper)

    assert ran.outcome.ended is Ended.FORSAKEN


def _command(process: psutil.Process) -> str:
    """Of one that may have ended meanwhile, nothing."""
    try:
        return str(process.cmdline())
    except psutil.NoSuchProcess:
        return ""
