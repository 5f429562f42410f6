"""64 writers on one campaign against 64 writers on 64, and every lock error that any of them met.

Each fourth request is of a person who has responded before, so that writers also meet at people.
"""

import random
from collections import Counter
from collections.abc import Sequence

from tests.bench import sample
from tests.bench.errors import Wrong
from tests.bench.pairs import Pace, Plan, compare, in_turns
from tests.bench.penstock import PENDING, RESOLVED, TAKEN_IN, counter, penstock
from tests.bench.rows import Goal, Row, compared, none_of, per_second
from tests.bench.service import Sent, Service
from tests.bench.stand import Stand
from tests.bench.storms import CONNECTIONS

NAME = "contention"
_GOAL = Goal(required=0.9, aim=0.97)
_SECONDS = 3.5
_RETURNING = 2_000
_MANY = {"repeat_limit": 10_000}
# Deadlock, lock not available, serialisation failure.
_LOCK_ERRORS = (" 40P01 ", " 55P03 ", " 40001 ")
_DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"


class _Writers:
    """Stretches of load on one arm, the same people in the same order for each arm."""

    def __init__(self, service: Service, campaigns: Sequence[str], seconds: float) -> None:
        self.service = service
        self._campaigns = campaigns
        self._pace = Pace(seconds, first=round(seconds * 800))
        self._chance = random.Random(64)
        self.failed = 0

    async def stretch(self) -> float:
        """Requests a second, with the worker at work; everything resolved afterwards."""
        async with self.service.awake():
            await self._send(200, is_timed=False)
            await self.service.until_done(PENDING)
            sent = await self._send(self._pace.rows(), is_timed=True)
            self._pace.saw(sent.per_second)
            await self.service.until_done(PENDING)
            rows = self.service.rows_sent
            await self.service.require_count(TAKEN_IN, rows, "responses taken in")
            await self.service.require_count(RESOLVED, rows, "responses resolved")
        return sent.per_second

    async def redone(self) -> int:
        async with self.service.awake():
            return round(await counter(self.service, "penstock_intake_redone_total"))

    async def _send(self, how_many: int, *, is_timed: bool) -> Sent:
        responses = [
            sample.response("bench", n, self._person(n), self._campaigns[n % len(self._campaigns)])
            for n in self.service.numbers(how_many)
        ]
        sent = await self.service.send(
            sample.singles(responses),
            connections=CONNECTIONS,
            is_timed=is_timed,
            may_fail=True,
        )
        self.failed += sent.failed
        return sent

    def _person(self, number: int) -> int:
        is_new = self._chance.random() > 0.25
        return _RETURNING + number if is_new else self._chance.randrange(_RETURNING)


async def measure(stand: Stand, plan: Plan) -> list[Row]:
    """Throughput on one campaign / on 64; errors of both, over the whole measure."""
    seconds = plan.seconds(_SECONDS)
    many = [f"c{number}" for number in range(CONNECTIONS)]
    log_began = stand.postgres_log.stat().st_size
    async with (
        penstock(stand, has_worker=True, campaigns=["c0"], settings=_MANY) as one,
        penstock(stand, has_worker=True, campaigns=many, settings=_MANY) as all_of_them,
    ):
        on_one = _Writers(one, ["c0"], seconds)
        on_many = _Writers(all_of_them, many, seconds)
        figures = await in_turns(plan.pairs, {"one": on_one.stretch, "many": on_many.stretch})
        redone = await on_one.redone() + await on_many.redone()
        deadlocks = 0
        for service in (one, all_of_them):
            deadlocks += await stand.ask(service.database_url, _DEADLOCKS)
        rows = one.rows_sent + all_of_them.rows_sent
    logged = _lock_errors(stand, log_began)
    if logged["40P01"] < deadlocks:
        raise Wrong("the log knows of fewer deadlocks than the server")
    return [
        compared(
            NAME,
            "requests a second, 64 writers, one campaign / 64",
            compare(figures, "one", "many"),
            per_second,
            _GOAL,
        ),
        none_of(NAME, f"lock, deadlock, serialisation errors in {rows:,} requests", logged.total()),
        none_of(NAME, "answers 5xx", on_one.failed + on_many.failed),
        Row(NAME, "intake transactions redone inside", f"{redone:,}"),
    ]


def _lock_errors(stand: Stand, log_began: int) -> Counter[str]:
    """What PostgreSQL wrote into its log, by SQLSTATE; each error has one line that says ERROR."""
    with stand.postgres_log.open("rb") as file:
        file.seek(log_began)
        lines = file.read().decode(errors="replace").splitlines()
    return Counter(
        code.strip() for line in lines for code in _LOCK_ERRORS if code in line and "ERROR:" in line
    )
