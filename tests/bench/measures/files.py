"""A file of a million responses: from its last byte until its run has ended, against COPY of it.

In a new database, then the same rows by another user, then by a third while single responses
arrive. And a tenth of the file by fresh processes: time and memory must not grow beyond the rows.
"""

import asyncio
from collections import defaultdict

from tests.bench.files.arrivals import RATE, Arrived, arriving
from tests.bench.files.copying import copied
from tests.bench.files.importing import Imported, Importer, importer
from tests.bench.files.sheet import people_in, write_head, write_sheet
from tests.bench.pairs import Plan, compare, in_turns
from tests.bench.rows import (
    Goal,
    Row,
    bounded,
    compared,
    in_seconds,
    megabytes,
    milliseconds,
    per_second,
    whole,
)
from tests.bench.stand import Stand

NAME = "import"
_ROWS = 1_000_000
_NEW_GOAL = Goal(6, 3.5, is_floor=False)
_AGAIN_GOAL = Goal(4, 2.5, is_floor=False)
_TENFOLD_GOAL = Goal(11, is_floor=False)
_PEAK_GOAL = Goal(1.25, is_floor=False)
_LATENCY_GOAL = Goal(5, is_floor=False)
_LOADED_GOAL = Goal(1.5, is_floor=False)
_JOBS_GOAL = Goal(500, is_floor=False)
_IDLE_SECONDS = 20.0
_PROCESSES = ("api", "larger worker", "smaller worker")


class _Trial:
    """The file and its head, and what each round of them has shown."""

    def __init__(self, stand: Stand, plan: Plan) -> None:
        self.rows = plan.size(_ROWS, 20_000)
        self.fewer = self.rows // 10
        self.figures: defaultdict[str, list[float]] = defaultdict(list)
        self.imports: dict[str, Imported] = {}
        self.live = Arrived()
        self._stand = stand
        self._idle_seconds = plan.seconds(_IDLE_SECONDS)
        self._whole, self._head = (stand.folder / name for name in ("whole.csv", "head.csv"))

    def write(self) -> None:
        write_sheet(self._whole, self.rows)
        write_head(self._head, self.fewer, of=self._whole)

    async def copied(self) -> float:
        new, again = await copied(self._stand, self._whole, self.rows)
        self.figures["a0 again"].append(again)
        return new

    async def head(self) -> float:
        """A tenth of the rows, and the memory that they took."""
        async with importer(self._stand) as arm:
            found = await arm.take(self._head, self.fewer, user="first")
            await arm.require_all()
            self._note_peaks(arm, "head")
        return found.seconds

    async def whole(self) -> float:
        """All rows: of new people, of people who are there, and with single responses."""
        async with importer(self._stand) as arm:
            new = await self._imported(arm, "first")
            self._note_peaks(arm, "whole")
            again = await self._imported(arm, "second")
            self.imports |= {"new": new, "again": again}
            self.figures["again"].append(again.seconds)
            await self._beside_singles(arm)
            await arm.require_all()
        return new.seconds

    async def _imported(self, arm: Importer, user: str) -> Imported:
        found = await arm.take(self._whole, self.rows, user=user)
        await arm.require_all()
        await arm.tidy()
        return found

    async def _beside_singles(self, arm: Importer) -> None:
        async with arriving(arm.service, at_most_seconds=self._idle_seconds):
            await asyncio.sleep(self._idle_seconds / 4)
        async with arriving(arm.service, at_most_seconds=self._idle_seconds * 2) as idle:
            await asyncio.sleep(self._idle_seconds)
        upload = await arm.upload(self._whole, user="third")
        # Three times what it takes alone: who is slower than that has missed its bound anyway.
        patience = 3 * self.imports["again"].seconds
        async with arriving(arm.service, at_most_seconds=patience) as self.live:
            seconds = await arm.complete(upload, self.rows)
        self.figures["loaded"].append(seconds)
        self.figures["p99 idle"].append(idle.p99_seconds)
        self.figures["p99 loaded"].append(self.live.p99_seconds)

    def _note_peaks(self, arm: Importer, what: str) -> None:
        for name, peak in arm.peaks().items():
            self.figures[f"{what} {name}"].append(float(peak))


async def measure(stand: Stand, plan: Plan) -> list[Row]:
    """Rounds of their own number: each takes some minutes."""
    trial = _Trial(stand, plan)
    await asyncio.to_thread(trial.write)
    trial.figures |= await in_turns(
        plan.files, {"a0": trial.copied, "head": trial.head, "whole": trial.whole}
    )
    return [*_times(trial), *_memory(trial), *_beside(trial), *_costs(trial)]


def _times(trial: _Trial) -> list[Row]:
    rows, people = f"{trial.rows:,}", f"{people_in(trial.rows):,}"
    return [
        compared(
            NAME,
            f"{rows} rows, {people} new people, 12 columns, two workers / A0",
            compare(trial.figures, "whole", "a0"),
            in_seconds,
            _NEW_GOAL,
        ),
        compared(
            NAME,
            "the same by another user, people unchanged / A0 again, rows there as well",
            compare(trial.figures, "again", "a0 again"),
            in_seconds,
            _AGAIN_GOAL,
        ),
        compared(
            NAME,
            "the same / A0 into the empty table",
            compare(trial.figures, "again", "a0"),
            in_seconds,
            _AGAIN_GOAL,
        ),
        compared(
            NAME,
            f"{rows} / {trial.fewer:,} rows, new people",
            compare(trial.figures, "whole", "head"),
            in_seconds,
            _TENFOLD_GOAL,
        ),
    ]


def _memory(trial: _Trial) -> list[Row]:
    return [
        compared(
            NAME,
            f"peak memory, {name}, {trial.rows:,} / {trial.fewer:,} rows",
            compare(trial.figures, f"whole {name}", f"head {name}"),
            megabytes,
            _PEAK_GOAL,
        )
        for name in _PROCESSES
    ]


def _beside(trial: _Trial) -> list[Row]:
    return [
        compared(
            NAME,
            f"p99 of single responses, {RATE} a second arriving, beside an import / idle",
            compare(trial.figures, "p99 loaded", "p99 idle"),
            milliseconds,
            _LATENCY_GOAL,
        ),
        Row(NAME, "of that, the generator's own lateness", milliseconds(trial.live.late_seconds)),
        compared(
            NAME,
            f"import, people unchanged, beside {trial.live.requests:,} such responses / alone",
            compare(trial.figures, "loaded", "again"),
            in_seconds,
            _LOADED_GOAL,
        ),
    ]


def _costs(trial: _Trial) -> list[Row]:
    """Of the last round; people new, then unchanged."""
    new, again = trial.imports["new"], trial.imports["again"]
    return [
        bounded(
            NAME,
            "arq jobs a million rows",
            max(each.jobs * 1_000_000 / each.rows for each in (new, again)),
            whole,
            _JOBS_GOAL,
        ),
        *(
            Row(NAME, f"{what}, people new · unchanged", f"{one} · {other}")
            for what, one, other in (
                ("rows a second", per_second(new.per_second), per_second(again.per_second)),
                (
                    "WAL a row",
                    f"{_a_row(new.wal_bytes, new)} B",
                    f"{_a_row(again.wal_bytes, again)} B",
                ),
                (
                    "commits a row",
                    f"{new.commits / new.rows:.4f}",
                    f"{again.commits / again.rows:.4f}",
                ),
            )
        ),
    ]


def _a_row(of: int, imported: Imported) -> str:
    return whole(of / imported.rows)
