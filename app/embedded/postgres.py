"""A real PostgreSQL, as a child: for `penstock up`, for one-off commands and for the tests."""

import asyncio
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import asyncpg

from app.embedded import cluster, privileges, wheels
from app.embedded.ports import LOOPBACK
from app.embedded.privileges import Quarters
from app.embedded.processes import Child
from app.embedded.server import Server
from app.embedded.writeback import Writeback

DATABASE = "penstock"
_FAST, _IMMEDIATE = signal.SIGINT, signal.SIGQUIT


class Postgres(Server):
    """One server on one cluster; started again, it keeps its port.

    `directory` is made when missing; whoever uses it must be its only user. Settings given here
    go before the house's.
    """

    name: ClassVar[str] = "postgres"
    patience: ClassVar[float] = 600.0  # recovery after a crash reads up to `max_wal_size` of log

    def __init__(
        self,
        directory: Path,
        *,
        password: str,
        log: Path,
        port: int | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(log=log, port=port)
        self._directory = directory.absolute()
        self._password = password
        self._settings = {**cluster.SETTINGS, **(settings or {})}
        self._found: Quarters | None = None
        self._writeback: Writeback | None = None

    @property
    def quarters(self) -> Quarters:
        """Where the cluster really lies, and whose it is."""
        if self._found is None:
            self._found = privileges.quarters(self._directory, wheels.postgres())
        return self._found

    def url(self, database: str = DATABASE) -> str:
        return (
            f"postgresql://{cluster.SUPERUSER}:{self._password}@{LOOPBACK}:{self.port}/{database}"
        )

    async def start(self) -> None:
        """As every server; and from then on what it appends to its files is written early."""
        await super().start()
        self._end_writeback()
        if self._settings["fsync"] == "on":  # else nobody waits for the disk
            self._writeback = Writeback(self.quarters.cluster)
            self._writeback.start()

    async def stop(self, hurry: asyncio.Event | None = None) -> None:
        """Stop it cleanly: sessions are cut off, nothing is lost, the next start is quick."""
        if self._child is None:
            return
        # Never less than a few seconds, in whatever hurry: they save the recovery.
        grace = 5.0 if hurry and hurry.is_set() else 60.0
        if not await self._child.end(_FAST, grace=grace):
            await self._child.end(_IMMEDIATE, grace=5.0)
        await self.kill()

    async def kill(self) -> None:
        """End the server and every process of it as a power cut would (the disk apart)."""
        self._end_writeback()
        if self._child is not None:
            await super().kill()
            await cluster.end_processes(self.quarters.cluster)

    async def destroy(self) -> None:
        """End it and remove its files, for those who made it only for a while."""
        await self.kill()
        privileges.remove(self._directory)

    async def create_database(self, name: str = DATABASE, *, template: str | None = None) -> None:
        """Make a database unless there is one of that name, perhaps as a copy of another."""
        connection = await self._connect("postgres")
        try:
            if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
                copy = f' TEMPLATE "{template}"' if template else ""
                await connection.execute(f'CREATE DATABASE "{name}"{copy}')
        finally:
            await connection.close()

    async def drop_database(self, name: str) -> None:
        """Remove a database if there is one, cutting off whoever uses it."""
        connection = await self._connect("postgres")
        try:
            await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        finally:
            await connection.close()

    def _end_writeback(self) -> None:
        if self._writeback is not None:
            self._writeback.stop()

    async def _prepare(self) -> None:
        await cluster.make(self.quarters, password=self._password, log=self._log)
        await cluster.free(self.quarters, log=self._log)

    def _spawn(self) -> Child:
        settings = {**self._settings, "port": str(self.port)}
        return Child.spawn(
            [
                str(self.quarters.programs / "postgres"),
                *("-D", str(self.quarters.cluster)),
                *(word for key, value in settings.items() for word in ("-c", f"{key}={value}")),
            ],
            log=self._log,
            env=cluster.environment(),
            cwd=Path("/"),
            identity=self.quarters.identity,
            # Fast, not immediate: nobody waits for it, so it may as well leave nothing to recover.
            death_signal=_FAST,
        )

    async def _answers(self, child: Child) -> bool:
        if not cluster.is_ready(self.quarters.cluster, child.pid):
            return False
        try:
            connection = await self._connect("postgres")
        except asyncpg.InvalidPasswordError:
            raise self._failure("the cluster was made with another password") from None
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False
        await connection.close()
        return True

    async def _connect(self, database: str) -> asyncpg.Connection:
        return await asyncpg.connect(self.url(database), ssl=False, timeout=30)
