"""A stretch of single requests to one arm, as every measure of them sends it."""

from collections.abc import Sequence

from tests.bench import penstock, sample
from tests.bench.pairs import Pace
from tests.bench.service import Sent, Service

CONNECTIONS = 64
_WARM_UP = 200


class Storm:
    """Single requests of new people to one arm, stretch after stretch, each as long as wanted."""

    def __init__(
        self,
        service: Service,
        pace: Pace,
        *,
        connections: int = CONNECTIONS,
        campaigns: Sequence[str] = ("spring",),
    ) -> None:
        self.service = service
        self._pace = pace
        self._connections = connections
        self._campaigns = campaigns

    async def warm_up(self) -> None:
        await self._send(_WARM_UP, is_timed=False)

    async def send(self) -> Sent:
        """One stretch. The arm must be awake, warm and without work left over."""
        sent = await self._send(self._pace.rows(), is_timed=True)
        self._pace.saw(sent.per_second)
        return sent

    async def intake(self) -> Sent:
        """One stretch of intake alone, every row of it looked up afterwards."""
        async with self.service.awake():
            await self.warm_up()
            sent = await self.send()
            await self.require_all_taken_in()
        return sent

    async def require_all_taken_in(self) -> None:
        await self.service.require_count(
            penstock.TAKEN_IN, self.service.rows_sent, "responses taken in"
        )

    async def _send(self, how_many: int, *, is_timed: bool) -> Sent:
        numbers = self.service.numbers(how_many)
        bodies = sample.singles(sample.of_new_people("bench", numbers, self._campaigns))
        return await self.service.send(bodies, connections=self._connections, is_timed=is_timed)
