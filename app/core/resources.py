"""What a process holds for its whole life, and the only commit in the code."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Self
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, async_sessionmaker

from app.core.db import Session, engine_of
from app.core.failpoints import Moment, Purpose, armed, place
from app.core.queue import Doorbell
from app.core.settings import Settings

_BEGIN = text("SELECT set_config('app.account_ids', :accounts, true), business_now()")


class Resources:
    """Shared by requests and tasks; use as an async context manager around a process."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.engine: AsyncEngine = engine_of(settings, "penstock_app")
        self.everywhere: AsyncEngine = engine_of(settings, "penstock_sweep", pool=2)
        self.sessions = async_sessionmaker(self.engine, class_=Session, expire_on_commit=False)
        self.doorbell = Doorbell(settings.redis_url.get_secret_value())
        self._failpoint = armed(settings.failpoint) if settings.failpoint else None
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self.doorbell)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()
        await self.engine.dispose()
        await self.everywhere.dispose()

    @asynccontextmanager
    async def unit_of_work(
        self, *accounts: UUID, purpose: Purpose = Purpose.REQUEST
    ) -> AsyncIterator[Session]:
        """Commit everything or nothing for these accounts, then ring for what was noted.

        Business time is read here, once; `clock.business_now(session)` gives it. The purpose
        names the transaction's failpoints.
        """
        async with self.sessions() as session:
            session.info["reach"] = self.reach
            async with session.begin():
                await restrict_to(session, accounts)
                yield session
                self.reach(place(purpose, Moment.BEFORE))
            self.reach(place(purpose, Moment.AFTER))
            # Only noted here and sent by a background task: a dead Redis must not delay the answer.
            self.doorbell.note(session.info.pop("rings", ()))

    def reach(self, failpoint: str) -> None:
        """Come by a failpoint; nothing happens unless a sandbox's settings armed it."""
        if self._failpoint is not None:
            self._failpoint.reach(failpoint)

    @asynccontextmanager
    async def look(self) -> AsyncIterator[AsyncConnection]:
        """Read what belongs to no account (keys, the clock, signs of life); no transaction."""
        async with self.engine.connect() as connection:
            yield await connection.execution_options(isolation_level="AUTOCOMMIT")

    @asynccontextmanager
    async def look_everywhere(self) -> AsyncIterator[AsyncConnection]:
        """Read pending work of all accounts; writes nothing, holds no transaction open."""
        async with self.everywhere.connect() as connection:
            yield await connection.execution_options(isolation_level="AUTOCOMMIT")


async def restrict_to(session: Session, accounts: tuple[UUID, ...]) -> None:
    """Open the second wall for these accounts only, and read business time."""
    row = (await session.connection()).execute(_BEGIN, {"accounts": ",".join(map(str, accounts))})
    session.info["now"] = (await row).one()[1]
