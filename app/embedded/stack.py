"""The whole stack of `penstock up`, from nothing but Python to an API that answers.

lock ─▶ secrets ─▶ PostgreSQL, Valkey ─▶ migrate ─▶ API, workers ─▶ ready ─▶ (demo)
                                                   └── until Ctrl-C, then down in reverse order
"""

import asyncio
import os
from collections.abc import Iterator

from app.embedded import state
from app.embedded.borrow import embedded_postgres
from app.embedded.datadir import DataDir
from app.embedded.environment import (
    DATABASE_URL,
    HOST,
    PORT,
    REDIS_URL,
    for_python,
    lasting_settings,
    python_module,
)
from app.embedded.errors import MigrationFailed
from app.embedded.lock import held
from app.embedded.options import Stack, StackOptions, url_of
from app.embedded.ports import require_free
from app.embedded.processes import describe, run_to_end, tail
from app.embedded.readiness import until_ready
from app.embedded.supervisor import Service, Supervisor
from app.embedded.terminal import Asked, listening
from app.embedded.valkey import Valkey


async def run_stack(options: StackOptions) -> None:
    """Put the stack up, keep it up until SIGINT, SIGTERM or SIGHUP, and take it down.

    Call it from the main thread: it takes the signals, and its children die with its thread.
    A second signal cuts short what drains.

    Raises:
        EmbeddedError: it could not be put up; nothing is left running.
    """
    data_dir = DataDir.open_at(options.data_dir)
    with listening(options.tell) as asked:
        async with held(data_dir.lock, "stack"):
            await state.end_leftovers(data_dir.state)
            require_free(*options.address())
            await _Life(options, data_dir).last(asked)


class _Life:
    """One life of a stack, from its first child to its last."""

    def __init__(self, options: StackOptions, data_dir: DataDir) -> None:
        host, port = options.address()
        self._options = options
        self._data_dir = data_dir
        self._supervisor = Supervisor(tell=options.tell, changed=self._record)
        self._is_migrated = False
        # Completed as the servers come up, and handed to every child after that.
        self._environment = {
            **lasting_settings(data_dir),
            **options.given,
            HOST: host,
            PORT: str(port),
        }
        self._stack = Stack(url_of(host, port), data_dir, self._environment)

    async def last(self, asked: Asked) -> None:
        """Live until asked to stop, or until something cannot be started."""
        life = asyncio.create_task(self._live())
        stop = asyncio.create_task(asked.stop.wait())
        try:
            await asyncio.wait((life, stop), return_when=asyncio.FIRST_COMPLETED)
            if life.done():
                await life
        finally:
            for task in (life, stop):
                task.cancel()
            await asyncio.gather(life, stop, return_exceptions=True)
            await self._supervisor.stop(asked.hurry)
            state.forget(self._data_dir.state)

    async def _live(self) -> None:
        await self._start_servers()
        await self._migrate()
        self._is_migrated = True
        await self._supervisor.add_storey(*self._services())
        await self._be_ready()
        await asyncio.Event().wait()

    async def _start_servers(self) -> None:
        """Start the servers whose address nobody gave, PostgreSQL below Valkey."""
        data_dir, environment = self._data_dir, self._environment
        if not environment.get(DATABASE_URL):
            postgres = embedded_postgres(data_dir)
            await self._supervisor.add_storey(postgres)
            await postgres.create_database()
            environment[DATABASE_URL] = postgres.url()
        if not environment.get(REDIS_URL):
            password = data_dir.secrets().valkey
            valkey = Valkey(data_dir.valkey, password=password, log=data_dir.log("valkey"))
            await self._supervisor.add_storey(valkey)
            environment[REDIS_URL] = valkey.url()

    async def _migrate(self) -> None:
        log = self._data_dir.log("migrate")
        command = python_module("app", "migrate")
        code = await run_to_end(command, log=log, env=for_python(self._environment))
        if code != 0:
            raise MigrationFailed(reason=describe(code), log=log, tail=tail(log))

    def _services(self) -> Iterator[Service]:
        env, drain, log = for_python(self._environment), self._options.drain, self._data_dir.log
        yield Service("api", python_module("app", "serve"), env, log("api"), drain)
        for number in range(1, self._options.workers + 1):
            name = f"worker-{number}"
            yield Service(name, python_module("workers.main"), env, log(name), drain)

    async def _be_ready(self) -> None:
        stack, tell = self._stack, self._options.tell
        await until_ready(stack.url, log=self._data_dir.log("api"), tell=tell)
        tell(f"Penstock is up: {stack.url}  (Ctrl-C stops it)")
        if self._options.on_ready is None:
            return
        try:
            await self._options.on_ready(stack)
        except Exception as error:  # a guest's mishap is not the stack's
            tell(f"{type(error).__name__}: {error}")

    def _record(self) -> None:
        """Write `stack.json`, but not before the database can be used: commands wait for it."""
        if self._is_migrated:
            stack = self._stack
            state.StackState(
                os.getpid(),
                stack.url,
                stack.database_url,
                stack.redis_url,
                self._supervisor.pids(),
            ).write(self._data_dir.state)
