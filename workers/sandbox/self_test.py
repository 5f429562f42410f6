"""Whether the sandbox keeps anything in: a job of ours tries to get out of a real one.

It looks for a file, two servers and processes that are really there, so a sandbox that hides
nothing cannot pass; whatever it reports missing counts as found.
"""

import asyncio
import contextlib
import re
import secrets
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

from app.core.errors import AppError
from workers.sandbox.driver import OnLine
from workers.sandbox.order import Event, Limits, Order
from workers.sandbox.outcome import Ended, Outcome

_PROBE = Path(__file__).with_name("probe")
_DEADLINE = timedelta(seconds=30)
_EXPECTED = {"HOME", "LANG", "OUTPUT_DIR", "PATH", "PWD", "TMPDIR", "TZ", "USER", "LC_CTYPE"}
_MOST_PROCESSES = 5


class Run(Protocol):
    async def __call__(self, order: Order, *, on_line: OnLine) -> Outcome: ...


async def reasons(run: Run, scratch: Path) -> Sequence[str]:
    """Why this sandbox is not to be used; none if it is sound."""
    try:
        async with _bait(scratch) as (body, code):
            order = Order(code=code, deadline=_DEADLINE, event=Event(body=body), limits=Limits())
            outcome = await run(order, on_line=lambda _: None)
    except (AppError, OSError) as error:
        return [str(error)]
    if outcome.ended is not Ended.RETURNED or not isinstance(outcome.value, dict):
        return [f"The self-test did not end as it should: {outcome.ended}. {outcome.error}".strip()]
    return list(_leaks(outcome.value))


@contextlib.asynccontextmanager
async def _bait(scratch: Path) -> AsyncIterator[tuple[dict[str, Any], Path]]:
    """What must not be seen, put where it would be, and the code that looks for it."""
    name = f"\0penstock-{secrets.token_hex(8)}"
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=scratch_of(scratch))))
        (folder / "bait").write_text("on the host")
        (folder / "code").mkdir()
        (folder / "code" / "main.py").write_bytes((_PROBE / "main.py").read_bytes())
        tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        abstract = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
        abstract.bind(name)
        abstract.listen()
        port = tcp.getsockname()[1]
        yield {"file": str(folder / "bait"), "port": port, "abstract": name}, folder / "code"
        await asyncio.sleep(0)


def scratch_of(scratch: Path) -> Path:
    """The scratch folder, made if it is not there."""
    scratch.mkdir(mode=0o755, parents=True, exist_ok=True)
    return scratch


def _leaks(found: dict[str, Any]) -> Iterator[str]:
    if found.get("sees_file") is not False or found.get("reads_shadow") is not False:
        yield "Files of the machine can be seen."
    reached = (found.get("reaches_port"), found.get("reaches_socket"))
    if reached != (False, False) or [n.strip() for n in found.get("interfaces", ())] != ["lo"]:
        yield "The machine's network can be reached."
    names = {entry.partition("=")[0] for entry in found.get("environment", ("?",)) if entry}
    if found.get("environment_of_first") != "" or not _is_ours(names):
        yield "Our environment can be read."
    if not 0 < found.get("processes", 0) <= _MOST_PROCESSES:
        yield "Processes of the machine can be seen."
    if found.get("writes_system") != []:
        yield "The system can be written to."
    yield from _rights(found.get("status", ""))


def _is_ours(names: set[str]) -> bool:
    return names <= _EXPECTED | {"PYTHONPATH", "PYTHONDONTWRITEBYTECODE"}


def _rights(status: str) -> Iterator[str]:
    said = dict(re.findall(r"^(\w+):\s*(.*)$", status, re.MULTILINE))
    if int(said.get("CapEff", "1"), 16) or int(said.get("CapPrm", "1"), 16):
        yield "The code has capabilities."
    if said.get("NoNewPrivs") != "1" or said.get("Seccomp") != "2":
        yield "The code may gain rights, or make calls that nobody inside needs."
    if "0" in said.get("Uid", "0").split() + said.get("Gid", "0").split():
        yield "The code runs as root."
