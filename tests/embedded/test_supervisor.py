import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app.embedded import Postgres, Valkey
from app.embedded.errors import StartFailed
from app.embedded.supervisor import Backoff, Service, Supervisor
from tests.embedded.waiting import descendants, is_alive, until

SLEEPS = "import time; time.sleep(600)"
DEAF = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "print('deaf', flush=True); time.sleep(600)"
)
QUICK = Backoff(first=0.05, most=0.2)


def a_service(directory: Path, code: str, *, name: str = "api", drain: float = 10.0) -> Service:
    env = dict(os.environ)
    return Service(name, [sys.executable, "-c", code], env, directory / f"{name}.log", drain)


async def test_a_killed_child_starts_again_and_the_death_is_told(directory: Path) -> None:
    told: list[str] = []
    supervisor = Supervisor(tell=told.append, backoff=QUICK)
    await supervisor.add_storey(a_service(directory, SLEEPS))
    first = supervisor.pids()["api"]

    os.kill(first, signal.SIGKILL)
    await until(lambda: supervisor.pids().get("api", first) != first)
    await until(lambda: len(told) == 2)
    second = supervisor.pids()["api"]
    await supervisor.stop()

    assert told == [
        f"api (pid {first}) died: killed by SIGKILL. It starts again in 0.05 s.",
        f"api runs again (pid {second}).",
    ]


async def test_the_pause_doubles_up_to_its_limit(directory: Path) -> None:
    told: list[str] = []
    supervisor = Supervisor(tell=told.append, backoff=QUICK)
    await supervisor.add_storey(a_service(directory, "raise SystemExit(3)"))

    await until(lambda: len(told) >= 8)
    await supervisor.stop()

    pauses = [line.rpartition(" in ")[2] for line in told if " died: exit code 3" in line]
    assert pauses[:4] == ["0.05 s.", "0.1 s.", "0.2 s.", "0.2 s."]


async def test_a_long_life_forgives_earlier_deaths(directory: Path) -> None:
    told: list[str] = []
    supervisor = Supervisor(tell=told.append, backoff=Backoff(first=0.05, most=10.0, calm=0.0))
    await supervisor.add_storey(a_service(directory, "raise SystemExit(3)"))

    await until(lambda: len(told) >= 6)
    await supervisor.stop()

    assert all(line.endswith("in 0.05 s.") for line in told if " died: " in line)


async def test_a_stop_goes_from_the_highest_storey_down_and_leaves_no_process(
    directory: Path,
) -> None:
    before = descendants()
    leaves = (
        "import signal, sys, time;"
        "signal.signal(signal.SIGTERM, lambda *_: (print(time.monotonic()), sys.exit()));"
        "print('ready', flush=True); time.sleep(600)"
    )
    supervisor = Supervisor()
    for name in ("low", "high"):
        await supervisor.add_storey(a_service(directory, leaves, name=name))
    logs = {name: directory / f"{name}.log" for name in ("low", "high")}
    await until(lambda: all("ready" in log.read_text() for log in logs.values()))

    await supervisor.stop()

    ends = {name: float(log.read_text().split()[1]) for name, log in logs.items()}
    assert ends["high"] < ends["low"]
    assert descendants() <= before


async def test_a_child_that_does_not_drain_in_time_is_killed(directory: Path) -> None:
    supervisor = Supervisor()
    await supervisor.add_storey(a_service(directory, DEAF, drain=0.1))
    await until(lambda: "deaf" in (directory / "api.log").read_text())
    pid = supervisor.pids()["api"]

    await supervisor.stop()

    assert not is_alive(pid)


async def test_haste_cuts_a_drain_short(directory: Path) -> None:
    supervisor, hurry = Supervisor(), asyncio.Event()
    await supervisor.add_storey(a_service(directory, DEAF, drain=600))
    await until(lambda: "deaf" in (directory / "api.log").read_text())

    stopping = asyncio.create_task(supervisor.stop(hurry))
    hurry.set()

    await asyncio.wait_for(stopping, 240)
    assert supervisor.pids() == {}


async def test_what_a_child_leaves_in_its_session_ends_with_it(directory: Path) -> None:
    code = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {SLEEPS!r}])"
    before = descendants()
    supervisor = Supervisor(tell=lambda _: None, backoff=Backoff(first=60))

    await supervisor.add_storey(a_service(directory, code))

    await until(lambda: supervisor.pids() == {} and descendants() <= before)
    await supervisor.stop()


async def test_servers_that_die_come_back_where_they_were(directory: Path) -> None:
    before = descendants()
    postgres = Postgres(directory / "postgres", password="s3cret", log=directory / "postgres.log")
    valkey = Valkey(directory / "valkey", password="s3cret", log=directory / "valkey.log")
    urls = postgres.url(), valkey.url()
    told: list[str] = []
    supervisor = Supervisor(tell=told.append, backoff=QUICK)
    try:
        await supervisor.add_storey(postgres)
        await supervisor.add_storey(valkey)

        for pid in supervisor.pids().values():
            os.kill(pid, signal.SIGKILL)
        await until(lambda: sum("runs again" in line for line in told) == 2)

        assert (postgres.url(), valkey.url()) == urls
        await postgres.create_database()
        await supervisor.stop()
        assert descendants() <= before
    finally:
        await supervisor.stop()
        await postgres.destroy()


async def test_a_storey_that_cannot_start_leaves_nothing_running(directory: Path) -> None:
    before = descendants()
    broken = Postgres(
        directory / "postgres",
        password="s3cret",
        log=directory / "postgres.log",
        settings={"port": "none"},
    )
    broken._settings["max_connections"] = "none"
    supervisor = Supervisor()

    with pytest.raises(StartFailed):
        await supervisor.add_storey(a_service(directory, SLEEPS), broken)

    assert descendants() <= before
    await broken.destroy()


SUPERVISOR = """
import asyncio, json, os, sys
from pathlib import Path
from app.embedded import Postgres, Valkey
from app.embedded.supervisor import Service, Supervisor

async def main(directory):
    supervisor = Supervisor()
    await supervisor.add_storey(
        Postgres(directory / "postgres", password="s3cret", log=directory / "postgres.log"),
        Valkey(directory / "valkey", password="s3cret", log=directory / "valkey.log"),
        Service("api", [sys.executable, "-c", "import time; time.sleep(600)"], os.environ,
                directory / "api.log"),
    )
    print(json.dumps(supervisor.pids()), flush=True)
    await asyncio.Event().wait()

asyncio.run(main(Path(sys.argv[1])))
"""


def a_supervisor(directory: Path) -> subprocess.Popen[str]:
    """Another process that supervises a PostgreSQL, a Valkey and a service."""
    command = [sys.executable, "-c", SUPERVISOR, str(directory)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of a parent's death")
async def test_no_child_outlives_a_supervisor_that_was_killed(directory: Path) -> None:
    with a_supervisor(directory) as supervisor:
        assert supervisor.stdout is not None
        pids = json.loads(await asyncio.to_thread(supervisor.stdout.readline))
        assert set(pids) == {"postgres", "valkey", "api"}

        supervisor.kill()

        await until(lambda: not any(is_alive(pid) for pid in pids.values()))
    heir = Postgres(directory / "postgres", password="s3cret", log=directory / "postgres.log")
    await heir.start()
    await heir.destroy()
