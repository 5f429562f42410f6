"""Chunks of a file between whose statements something else is done, by whoever else writes."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, cast

from app.core.admission import Admission
from app.core.driver import Direct, Driver
from app.core.failpoints import Purpose
from app.core.ids import uuid7
from app.core.resources import Resources
from app.core.statements import Parts
from app.models.states import UploadOperation
from app.responses.intake import files
from app.responses.intake.acquaintance import Acquaintance
from app.responses.intake.desk import tried
from app.responses.intake.fold import Outcome
from app.responses.intake.items import Submission, parse_items
from app.responses.intake.records import UPLOADED
from app.responses.intake.transaction import Redo
from tests.conftest import Tenant

Json = dict[str, Any]
Deed = Callable[[], Awaitable[Any]]
# A statement and its arguments.
Said = tuple[str, tuple[Any, ...]]

# Words of the statements that a chunk begins with: who is meant, and whom rows tell nothing new.
WORLD = "business_now() AS now"
MET = "latest.*"


def sent_by(tenant: Tenant, items: list[Json], **fields: Any) -> Submission:
    """These items, as the tenant's user sends them."""
    return Submission(
        account_id=tenant.account_id,
        user_id=tenant.caller.user_id,
        user="marketo",
        key_id=None,
        items=parse_items(items),
        size=len(items),
        **fields,
    )


class Watched:
    """The driver's connection, which has something done between two statements of a chunk."""

    def __init__(self, driver: Driver, pauses: list["Pause"], said: list["Said"]) -> None:
        self._driver, self._pauses, self._said = driver, pauses, said

    def __getattr__(self, name: str) -> Any:
        return getattr(self._driver, name)

    async def fetch(self, sql: str, *args: Any) -> Any:
        self._said.append((sql, args))
        return await self._paused(sql, await self._driver.fetch(sql, *args))

    async def fetchrow(self, sql: str, *args: Any) -> Any:
        self._said.append((sql, args))
        return await self._paused(sql, await self._driver.fetchrow(sql, *args))

    async def _paused(self, sql: str, found: Any) -> Any:
        for pause in self._pauses:
            await pause.pass_by(sql)
        return found


@dataclass
class Pause:
    """Something to be done once, after a statement has read what it reads."""

    words: str
    deed: Deed
    left: int

    async def pass_by(self, sql: str) -> None:
        if self.words in sql:
            self.left -= 1
            if self.left == 0:
                await self.deed()


@dataclass
class Chunks:
    """Takes rows of a file in as a worker does, while others write."""

    resources: Resources
    tenant: Tenant
    pauses: list[Pause] = field(default_factory=list)
    # Whether the chunk before was of people who are there and told nothing new.
    is_close: bool = False
    said: list[Said] = field(default_factory=list)

    def after(self, words: str, deed: Deed, *, call: int = 1) -> None:
        """Have something done after the statement that has these words; the first, or a later."""
        self.pauses.append(Pause(words, deed, call))

    async def take(
        self, items: list[Json], *, operation: UploadOperation = UploadOperation.UPSERT
    ) -> list[Outcome]:
        tenant = self.tenant
        submission = sent_by(tenant, items, priority=UPLOADED, operation=operation)

        async with self.resources.line() as line:

            async def attempt(admission: Admission) -> list[Outcome]:
                async with line.unit_of_work(
                    tenant.account_id, purpose=Purpose.IMPORTING, admission=admission
                ) as tx:
                    watched = Direct(
                        cast("Driver", Watched(tx.driver, self.pauses, self.said)), tx.info
                    )
                    last = Parts()
                    outcomes = await files.take_chunk(
                        watched,
                        submission,
                        run_id=uuid7(),
                        last=last,
                        acquaintance=Acquaintance(is_close=self.is_close),
                    )
                    if not await last.write(tx.driver):
                        raise Redo
                    return outcomes

            return await tried(attempt, most=5)
