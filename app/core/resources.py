"""What a process holds for its whole life, and the only commits in the code.

A unit of work is a session's, or for the hot paths the driver's own. Both are walled in, named
for their failpoints, and ring after the commit.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Self
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, async_sessionmaker

from app.core.admission import Admission, statement_of
from app.core.db import Session, engine_of
from app.core.driver import Direct, Driver
from app.core.errors import Unavailable
from app.core.failpoints import Moment, Purpose, armed, place
from app.core.files.opening import store_of
from app.core.queue import Doorbell
from app.core.settings import Settings

_ROLLBACK_SECONDS = 5
_BEGIN = text("SELECT set_config('app.account_ids', :accounts, true), business_now()")


class Resources:
    """Shared by requests and tasks; use as an async context manager around a process."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.engine: AsyncEngine = engine_of(settings, "penstock_app")
        self.everywhere: AsyncEngine = engine_of(settings, "penstock_sweep", pool=2)
        self.sessions = async_sessionmaker(self.engine, class_=Session, expire_on_commit=False)
        self.doorbell = Doorbell(settings.redis_url.get_secret_value())
        self.files = store_of(settings.files)
        # Of an API at SIGTERM: streams end, or they would hold the process open.
        self.is_stopping = False
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

    @asynccontextmanager
    async def line(self) -> AsyncIterator["Line"]:
        """A connection for units of work without a session, kept from one to the next."""
        line = Line(self)
        try:
            yield line
        finally:
            await line.close()

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
    row = (await session.connection()).execute(_BEGIN, {"accounts": _joined(accounts)})
    session.info["now"] = (await row).one()[1]


def _joined(accounts: tuple[UUID, ...]) -> str:
    return ",".join(map(str, accounts))


async def _commit(driver: Driver) -> None:
    """PostgreSQL answers ROLLBACK, and no error, where a statement before has failed."""
    if await driver.execute("COMMIT") != "COMMIT":
        raise NotCommitted


class Mark:
    """A place in a transaction to come back to.

    Set before the first thing that may have to be undone; where nothing is, it costs no trip.
    """

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self._is_set = False

    async def set(self) -> None:
        """Note where the transaction stands, if it was not noted before."""
        if not self._is_set:
            await self.driver.execute("SAVEPOINT mark")
            self._is_set = True

    async def back(self) -> None:
        """Undo what was done since, locks included; the transaction goes on."""
        if self._is_set:
            await self.driver.execute("ROLLBACK TO SAVEPOINT mark")


class NotCommitted(Unavailable):
    """The database has rolled this back; nothing of it was kept."""


class Line:
    """One connection, used directly, for the hot paths.

    Measured: opening and closing a session took as long as all that intake does in between.
    """

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._connection: AsyncConnection | None = None
        self._driver: Driver | None = None

    @asynccontextmanager
    async def unit_of_work(
        self,
        *accounts: UUID,
        purpose: Purpose,
        in_order: bool = False,
        admission: Admission | None = None,
    ) -> AsyncIterator[Direct]:
        """Commit everything or nothing for these accounts, then ring for what was noted.

        One trip to begin, one to commit. Whoever needs business time reads it and puts it into
        `info["now"]`. With `in_order` an index that yields the wanted order goes before a smaller
        one that has to be sorted: for queues, which are long before the planner knows it. It
        is admitted before it reads anything.
        """
        reach = self._resources.reach
        walled = f"BEGIN; SELECT set_config('app.account_ids', '{_joined(accounts)}', true)"
        if in_order:
            walled += "; SET LOCAL enable_sort = off"
        if admission is not None:
            walled += f"; {statement_of(admission, accounts)}"
        driver = await self._connected()
        work = Direct(driver, {"reach": reach})
        try:
            await driver.execute(walled)
            yield work
            reach(place(purpose, Moment.BEFORE))
            await _commit(driver)
        except BaseException:
            await asyncio.shield(self._give_up(driver))
            raise
        reach(place(purpose, Moment.AFTER))
        self._resources.doorbell.note(work.info.pop("rings", ()))

    async def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            await self._connection.close()
        self._connection = self._driver = None

    async def _connected(self) -> Driver:
        """The driver's connection; another one where the server has hung up meanwhile.

        The pool may hold many that it has hung up on; nobody's work has to fail for each of them.
        """
        while self._driver is None or self._driver.is_closed():
            if self._connection is not None:
                await self._drop()
            connection = self._connection = await self._resources.engine.connect()
            # Or SQLAlchemy would begin a transaction of its own.
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            self._driver = (await connection.get_raw_connection()).driver_connection
        return self._driver

    async def _give_up(self, driver: Driver) -> None:
        """Roll back; a connection that cannot be is not used again."""
        try:
            await driver.execute("ROLLBACK", timeout=_ROLLBACK_SECONDS)
        except Exception:
            # Whatever the reason: a connection in an unknown state would fail the next ones, too.
            await self._drop()

    async def _drop(self) -> None:
        if self._connection is not None:
            await self._connection.invalidate()
        await self.close()
