"""Runs of customers' code: from their claim to the first line; and a million lines of log.

Code that is on the worker's shelf already, as all runs of a version but its first find it. A log is
measured by what arrives beside it: single responses, scored at once, whose latency counts from when
they were due.
"""

import asyncio
import statistics
import time

from tests.bench.errors import Wrong
from tests.bench.files.arrivals import RATE, arriving
from tests.bench.jobs.code import Coder, coder
from tests.bench.pairs import Plan, compare, in_turns
from tests.bench.rows import Goal, Row, compared, in_hundredths, milliseconds, of_rounds, whole
from tests.bench.stand import Stand

NAME = "code"
_RUNS = 20
_START_GOAL = Goal(0.3, is_floor=False)
_LINES = 1_000_000
_HELLO = "def main(): print('here')"
_MANY = "def main():\n    for n in range({lines}): print(n)"
# As beside the import of a file, which has both cores to do, too.
_LATENCY_GOAL = Goal(5, is_floor=False)
_SECONDS = 10.0


class _Trial:
    """One arm, and what its rounds have shown beside the figures of the table."""

    def __init__(self, arm: Coder, plan: Plan) -> None:
        self.lines = plan.size(_LINES, 200_000)
        self.kept: list[float] = []
        self.medians: dict[str, list[float]] = {"beside": [], "idle": [], "again": []}
        self.logs = 0
        self._arm = arm
        self._runs = plan.size(_RUNS, 3)
        self._seconds = plan.seconds(_SECONDS)
        self._hello = self._many = ""

    async def prepare(self) -> None:
        """Publish both jobs, and have their code unpacked; nothing is pending afterwards."""
        async with self._arm.service.awake():
            self._hello = await self._arm.job("hello", _HELLO)
            self._many = await self._arm.job("many", _MANY.format(lines=self.lines))
            await self._arm.run(self._hello)
            await self._log_once()
        await self._arm.service.stand.quiet()
        async with (
            self._arm.service.awake(),
            arriving(self._arm.service, at_most_seconds=4 * self._seconds),
        ):
            await self._arm.run(self._hello)

    async def start(self) -> float:
        """The median of a round's starts."""
        async with self._arm.service.awake():
            await self._arm.service.stand.quiet()
            return statistics.median(
                [await self._arm.start_seconds(self._hello) for _ in range(self._runs)]
            )

    async def latency(self, name: str) -> float:
        """The 99th percentile of what arrives, beside one log after the other or beside nothing."""
        # Here already, or what arrives would wait for it with open connections.
        await self._arm.service.stand.quiet()
        async with (
            self._arm.service.awake(),
            arriving(self._arm.service, at_most_seconds=4 * self._seconds) as arrived,
        ):
            end = time.monotonic() + self._seconds
            while time.monotonic() < end:
                if name == "beside":
                    await self._log_once()
                else:
                    await asyncio.sleep(end - time.monotonic())
        self.medians[name].append(arrived.p50_seconds)
        return arrived.p99_seconds

    async def _log_once(self) -> None:
        run = await self._arm.run(self._many)
        (cut,) = await self._arm.log(run, level="warn")
        if not cut["text"].startswith("The log ends here") or not 0 < cut["number"] < self.lines:
            raise Wrong(f"a log of {self.lines:,} lines is not cut as it should be: {cut}")
        self.kept.append(cut["number"])
        self.logs += 1


async def measure(stand: Stand, plan: Plan) -> list[Row]:
    """Starts first; then logs and nothing in turns."""
    async with coder(stand) as arm:
        trial = _Trial(arm, plan)
        await trial.prepare()
        starts = [await trial.start() for _ in range(plan.pairs)]
        figures = await in_turns(
            plan.pairs,
            {
                "beside": lambda: trial.latency("beside"),
                "idle": lambda: trial.latency("idle"),
                "again": lambda: trial.latency("again"),
            },
        )
    what = f"single responses, {RATE} a second arriving"
    log = f"logs of {trial.lines:,} lines"
    return [
        of_rounds(NAME, "claim of a run to its first line", starts, in_hundredths, _START_GOAL),
        compared(
            NAME,
            f"p99 of {what}, beside {log} / idle",
            compare(figures, "beside", "idle"),
            milliseconds,
            _LATENCY_GOAL,
        ),
        compared(
            NAME,
            "the same, idle / idle",
            compare(figures, "again", "idle"),
            milliseconds,
            verdict="noise",
        ),
        compared(
            NAME,
            f"median of {what}, beside {log} / idle",
            compare(trial.medians, "beside", "idle"),
            milliseconds,
        ),
        Row(NAME, f"lines kept of each of {trial.logs} logs", whole(min(trial.kept))),
    ]
