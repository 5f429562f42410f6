"""From the first byte sent until the last row is resolved: batches, single requests, the rivals."""

from collections.abc import Awaitable, Callable

from tests.bench import sample
from tests.bench.errors import Wrong
from tests.bench.opponents import (
    NAIVE_OPEN,
    NAIVE_PENDING,
    NAIVE_TAKEN_IN,
    Copier,
    copier,
    naive,
)
from tests.bench.pairs import Pace, Plan, compare, in_turns
from tests.bench.penstock import PENDING, RESOLVED, TAKEN_IN, UNRESOLVED, penstock
from tests.bench.rows import Goal, Row, compared, per_second
from tests.bench.service import BATCH, Sent, Service
from tests.bench.stand import Stand
from tests.bench.storms import CONNECTIONS

NAME = "to_resolved"
_BATCH_GOAL = Goal(required=20, aim=50)
_SINGLES_GOAL = Goal(required=4, aim=8)
_CAMPAIGNS = ["spring", "autumn", "fair", "price"]
_BATCH_ROWS = 500
_BATCH_CONNECTIONS = 4
_OURS_SECONDS, _NAIVE_SECONDS = 4.0, 5.0
_OPEN = "SELECT count(*) FROM responses WHERE status LIKE 'Open%' AND external_id = ANY ($1)"
_COMPARED = 200

Send = Callable[[Service, int, bool], Awaitable[Sent]]


class _Stretches:
    """Stretches of one arm in one way of sending."""

    def __init__(self, service: Service, send: Send, pace: Pace, *, warm_up: int) -> None:
        self.service = service
        self.last_rows = 0
        self._send = send
        self._pace = pace
        self._warm_up = warm_up

    async def ours(self) -> float:
        """Rows a second until all are resolved, each looked up."""
        service = self.service
        async with service.awake():
            await self._send(service, self._warm_up, False)
            await service.until_done(PENDING)
            found = await self._stretch(UNRESOLVED, look_every=0.02)
            await service.until_done(PENDING)
            await service.require_count(TAKEN_IN, service.rows_sent, "responses taken in")
            await service.require_count(RESOLVED, service.rows_sent, "responses resolved")
        return found

    async def naive(self) -> float:
        """Rows a second until the last job is done, each looked up."""
        service = self.service
        async with service.awake():
            await self._send(service, self._warm_up, False)
            await service.until_done(NAIVE_PENDING, look_every=0.1)
            found = await self._stretch(NAIVE_PENDING, look_every=0.1)
            await service.require_count(NAIVE_TAKEN_IN, service.rows_sent, "the rival's responses")
        return found

    async def _stretch(self, pending: str, *, look_every: float) -> float:
        rows = self.last_rows = self._pace.rows()
        sent = await self._send(self.service, rows, True)
        done_at = await self.service.until_done(pending, look_every=look_every)
        found = rows / (done_at - sent.began)
        self._pace.saw(found)
        return found


async def measure(stand: Stand, plan: Plan) -> list[Row]:
    """Ours by batches and singly, A2 singly, and the bare COPY of as many rows."""
    seconds, patience = plan.seconds(_OURS_SECONDS), plan.seconds(_NAIVE_SECONDS)
    async with (
        penstock(stand, has_worker=True, campaigns=_CAMPAIGNS) as ours,
        naive(stand, _CAMPAIGNS) as a2,
        copier(stand) as a0,
    ):
        batches = _Stretches(
            ours, _in_batches, Pace(seconds, first=round(2_500 * seconds)), warm_up=_BATCH_ROWS
        )
        singles = _Stretches(
            ours, _singly, Pace(seconds, first=round(800 * seconds)), warm_up=_COMPARED
        )
        rival = _Stretches(
            a2, _singly, Pace(patience, first=round(120 * patience)), warm_up=_COMPARED
        )

        async def copy() -> float:
            return await _copied(a0, ours, batches.last_rows)

        figures = await in_turns(
            plan.pairs,
            {"batch": batches.ours, "singles": singles.ours, "a2": rival.naive, "a0": copy},
        )
        await _require_same_verdicts(stand, ours, a2)
    return [
        compared(
            NAME,
            "rows a second to resolved, batches of 500, ours / A2",
            compare(figures, "batch", "a2"),
            per_second,
            _BATCH_GOAL,
        ),
        compared(
            NAME,
            "rows a second to resolved, 64 connections, ours / A2",
            compare(figures, "singles", "a2"),
            per_second,
            _SINGLES_GOAL,
        ),
        compared(
            NAME,
            "rows a second, batches to resolved / A0",
            compare(figures, "batch", "a0"),
            per_second,
        ),
    ]


async def _in_batches(service: Service, rows: int, is_timed: bool) -> Sent:
    responses = sample.of_new_people("bench", service.numbers(rows), _CAMPAIGNS)
    bodies = sample.batches(responses, _BATCH_ROWS)
    return await service.send(
        bodies, connections=_BATCH_CONNECTIONS, path=BATCH, rows=rows, is_timed=is_timed
    )


async def _singly(service: Service, rows: int, is_timed: bool) -> Sent:
    responses = sample.of_new_people("bench", service.numbers(rows), _CAMPAIGNS)
    bodies = sample.singles(responses)
    return await service.send(bodies, connections=CONNECTIONS, is_timed=is_timed)


async def _copied(a0: Copier, ours: Service, rows: int) -> float:
    return rows / await a0.copy(ours, rows)


async def _require_same_verdicts(stand: Stand, ours: Service, a2: Service) -> None:
    """Both must have qualified as many of the same responses, or they did not do the same work."""
    same = [f"bench-{number}" for number in range(_COMPARED)]
    ours_open = await stand.ask(ours.database_url, _OPEN, same)
    rivals_open = await stand.ask(a2.database_url, NAIVE_OPEN, same)
    if ours_open != rivals_open or not 0 < ours_open < _COMPARED:
        raise Wrong(f"of {_COMPARED} responses ours qualified {ours_open}, A2 {rivals_open}")
