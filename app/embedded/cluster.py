"""The files of one PostgreSQL cluster: made once, and freed of what a killed server left."""

import os
import shutil
import signal
import tempfile
from collections.abc import Mapping
from pathlib import Path

from app.embedded import proc
from app.embedded.errors import StartFailed
from app.embedded.privileges import Quarters, hand_over
from app.embedded.processes import describe, run_to_end, tail

SUPERUSER = "postgres"
_MOST_CACHE_BYTES = 2**30


def _cache_megabytes() -> int:
    """A quarter of the machine's memory, at most 1 GiB: what the tables of a million rows take."""
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return int(min(_MOST_CACHE_BYTES, machine // 4)) // 2**20


# On the command line at every start, so that a newer version of ours reaches old clusters too.
SETTINGS: Mapping[str, str] = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # their paths may be 107 bytes long, data directories longer
    "max_connections": "100",
    "shared_buffers": f"{_cache_megabytes()}MB",  # taken as it is used
    "max_wal_size": "2GB",
    "min_wal_size": "256MB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    "fsync": "on",
    "synchronous_commit": "on",
    "autovacuum_naptime": "10s",  # the pending tables turn over quickly
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_destination": "stderr",
    "logging_collector": "off",
    "log_line_prefix": "%m [%p] ",
    "log_checkpoints": "off",
}


async def make(quarters: Quarters, *, password: str, log: Path) -> None:
    """Make the cluster if there is none; cut short, it is made anew next time.

    Raises:
        StartFailed: initdb failed.
    """
    cluster = quarters.cluster
    if (cluster / "PG_VERSION").exists():
        return
    draft = _fresh_draft(quarters)
    words = _password_file(quarters, password)
    try:
        command = [
            str(quarters.programs / "initdb"),
            f"--pgdata={draft}",
            f"--username={SUPERUSER}",
            f"--pwfile={words}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--locale=C.UTF-8",
        ]
        env = environment()
        identity = quarters.identity
        code = await run_to_end(command, log=log, env=env, cwd=Path("/"), identity=identity)
        if code != 0:
            raise StartFailed(name="initdb", reason=describe(code), log=log, tail=tail(log))
        # The cluster exists from here on, wholly; the name it replaces is missing or empty.
        draft.rename(cluster)
    finally:
        words.unlink(missing_ok=True)


async def free(quarters: Quarters, *, log: Path) -> None:
    """End the server that an earlier owner left on this cluster, with all its processes.

    Only for the owner of the data directory. A server whose owner was killed is shutting down
    already; one that was killed itself may have left processes that still use its memory.
    """
    cluster = quarters.cluster
    if not proc.is_there():
        command = [str(quarters.programs / "pg_ctl"), "stop", "-m", "fast", "-D", str(cluster)]
        if _postmaster_file(cluster).exists():
            await run_to_end(command, log=log, env=environment(), identity=quarters.identity)
        return
    await proc.end_all(lambda: _postmaster(cluster), (signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0))
    await end_processes(cluster, (signal.SIGQUIT, 1.0))
    # Nobody uses the cluster now, so the file is stale. PostgreSQL would find that out by
    # itself, unless the pid in it has been given to another process: then it refuses to start.
    _postmaster_file(cluster).unlink(missing_ok=True)


async def end_processes(cluster: Path, *asks: tuple[signal.Signals, float]) -> None:
    """End every process of the server, at last by SIGKILL.

    They are known by where they work: they have sessions of their own, and outlive their
    postmaster for a moment, or for as long as a statement takes.
    """
    await proc.end_all(lambda: proc.working_in(cluster, "postgres"), *asks)


def is_ready(cluster: Path, pid: int) -> bool:
    """Whether the postmaster of that pid says that it takes connections.

    Asked of a file first, because every connection refused leaves a line in the log.
    """
    try:
        lines = _postmaster_file(cluster).read_text().splitlines()
    except OSError:
        return False
    return len(lines) > 7 and lines[0].strip() == str(pid) and lines[7].strip() == "ready"


def _postmaster(cluster: Path) -> list[int]:
    """The living server's first process, if there is one."""
    try:
        recorded = int(_postmaster_file(cluster).read_text().split(maxsplit=1)[0])
    except (OSError, ValueError, IndexError):
        return []
    return [pid for pid in proc.working_in(cluster, "postgres") if pid == recorded]


def _postmaster_file(cluster: Path) -> Path:
    return cluster / "postmaster.pid"


def environment() -> dict[str, str]:
    """The environment of PostgreSQL's programs: nothing of the caller's can reach them."""
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


def _fresh_draft(quarters: Quarters) -> Path:
    draft = quarters.cluster.with_name("postgres.new")
    if draft.exists():
        shutil.rmtree(draft)
    draft.mkdir(mode=0o700)
    hand_over(draft, quarters.identity)
    return draft


def _password_file(quarters: Quarters, password: str) -> Path:
    # Not below the data directory, which the user of PostgreSQL may not be able to enter.
    descriptor, name = tempfile.mkstemp(prefix="penstock-", dir=quarters.cluster.parent)
    with os.fdopen(descriptor, "w") as file:
        file.write(password)
    path = Path(name)
    hand_over(path, quarters.identity)
    return path
