"""A real Valkey, as a child. It keeps nothing: all it knows may be lost."""

import asyncio
import os
import signal
from pathlib import Path
from typing import ClassVar

from app.embedded import wheels
from app.embedded.ports import LOOPBACK
from app.embedded.processes import Child
from app.embedded.server import Server

_CONFIGURATION = """\
bind {host}
port {port}
requirepass {password}
save ""
appendonly no
daemonize no
"""


class Valkey(Server):
    """One server; started again, it is empty and keeps its port. `directory` is made if missing."""

    name: ClassVar[str] = "valkey"
    patience: ClassVar[float] = 30.0

    def __init__(
        self, directory: Path, *, password: str, log: Path, port: int | None = None
    ) -> None:
        super().__init__(log=log, port=port)
        self._directory = directory.absolute()
        self._password = password

    def url(self, database: int = 0) -> str:
        return f"redis://:{self._password}@{LOOPBACK}:{self.port}/{database}"

    async def stop(self, hurry: asyncio.Event | None = None) -> None:
        """Stop it; what it knew is gone."""
        if self._child is not None:
            await self._child.end(signal.SIGTERM, grace=5.0, hurry=hurry)
            await self.kill()

    async def _prepare(self) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)

    def _spawn(self) -> Child:
        # A file, because everybody may read the arguments of a process. The port stands there
        # too, for whoever wonders which server this is.
        configuration = self._directory / "valkey.conf"
        configuration.touch(mode=0o600)
        configuration.write_text(
            _CONFIGURATION.format(host=LOOPBACK, port=self.port, password=self._password)
        )
        return Child.spawn(
            [str(wheels.valkey_server()), str(configuration), "--port", str(self.port)],
            log=self._log,
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            cwd=self._directory,
            death_signal=signal.SIGTERM,
        )

    async def _answers(self, child: Child) -> bool:
        """The password tells: only this server knows it."""
        try:
            reader, writer = await asyncio.open_connection(LOOPBACK, self.port)
        except OSError:
            return False
        try:
            writer.write(f"AUTH {self._password}\r\nPING\r\n".encode())
            return (await reader.readline(), await reader.readline()) == (b"+OK\r\n", b"+PONG\r\n")
        except OSError:
            return False
        finally:
            writer.close()
