"""Requirements that cannot be had: pip's words, limits, and what must never run."""

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import psutil
import pytest

from app.core.files.store import FileStore
from app.jobs.code.errors import (
    LayerTooLarge,
    PackageIndexUnavailable,
    RequirementsFailed,
    RequirementsTimedOut,
)
from app.jobs.code.installing import Terms
from app.jobs.code.layers import layer_for
from app.jobs.code.pip_words import Blame, blame_of, words_of
from app.jobs.code.requirements import parse_requirements
from tests.faults.processes import PATIENCE_SECONDS
from tests.jobs_code.small_disk import can_mount, on_a_small_disk
from tests.jobs_code.wheels_making import Wheels
from tests.ports import free_port

MEGABYTE = 2**20

_FULL = """
import asyncio, os
from app.core.files.errors import StorageFull
from app.core.files.local import LocalFiles
from app.jobs.code.installing import Terms
from app.jobs.code.layers import layer_for
from app.jobs.code.requirements import parse_requirements
from tests.jobs_code.wheels_making import Wheels

async def main():
    wheels = Wheels(pathlib.Path(sys.argv[1] + "-wheels"))
    wheels.add("large", files={"large.bin": os.urandom(2**21)})
    try:
        await layer_for(
            LocalFiles(disk / "store"),
            parse_requirements("large"),
            terms=Terms(index=wheels.index),
            work=disk / "work",
        )
    except StorageFull:
        assert list((disk / "work").iterdir()) == []
    else:
        raise SystemExit("there was room")

asyncio.run(main())
"""


async def ask(store: FileStore, text: str, terms: Terms, work: Path | None = None) -> None:
    await layer_for(store, parse_requirements(text), terms=terms, work=work)


async def test_pips_words_are_told_without_this_machine(store: FileStore, wheels: Wheels) -> None:
    wheels.add("one", needs=["shared<2"])
    wheels.add("two", needs=["shared>=2"])
    wheels.add("shared", "1.0")
    wheels.add("shared", "2.0")

    with pytest.raises(RequirementsFailed) as unknown:
        await ask(store, "nothing-of-this-name==3", Terms(index=wheels.index))
    with pytest.raises(RequirementsFailed) as conflict:
        await ask(store, "one\ntwo", Terms(index=wheels.index))

    assert "No matching distribution found for nothing-of-this-name==3" in str(unknown.value)
    assert "one 1.0 depends on shared<2" in str(conflict.value)
    assert "two 1.0 depends on shared>=2" in str(conflict.value)
    for told in (str(unknown.value), str(conflict.value)):
        assert str(wheels.folder) not in told
        assert "/tmp" not in told  # noqa: S108
        assert sys.prefix not in told


async def test_another_hash_is_refused(store: FileStore, wheels: Wheels) -> None:
    wheels.add("sums")

    with pytest.raises(RequirementsFailed, match="DO NOT MATCH THE HASHES"):
        await ask(store, f"sums==1.0 --hash=sha256:{'0' * 64}", Terms(index=wheels.index))


@pytest.mark.parametrize("way", ["by name", "by address"])
async def test_nothing_is_ever_built(
    store: FileStore, wheels: Wheels, tmp_path: Path, way: str
) -> None:
    """Neither a source distribution, nor one that a wheel asks for by its address."""
    ran = tmp_path / "ran"
    source = wheels.add_source("built", f"open({str(ran)!r}, 'w').write('x')\n")
    if way == "by address":
        wheels.add("leading", needs=[f"built @ {source.as_uri()}"])

    with pytest.raises(RequirementsFailed):
        await ask(store, "leading" if way == "by address" else "built", Terms(index=wheels.index))

    assert not ran.exists()


async def test_too_large_a_layer_is_refused_and_removed(
    store: FileStore, wheels: Wheels, tmp_path: Path
) -> None:
    wheels.add("large", files={f"large/{n}.bin": os.urandom(MEGABYTE // 4) for n in range(9)})
    wheels.add("one_large", files={"one_large.bin": bytes(40 * MEGABYTE)})
    terms = Terms(most_bytes=2 * MEGABYTE, index=wheels.index)

    for name in ("large", "one-large"):
        with pytest.raises(LayerTooLarge, match="2097152"):
            await ask(store, name, terms, tmp_path / "work")

    assert list((tmp_path / "work").iterdir()) == []
    assert not (tmp_path / "store" / "layers").exists()


class Silent(BaseHTTPRequestHandler):
    """Takes the question and never answers."""

    asked = threading.Event()

    def do_GET(self) -> None:
        self.asked.set()
        self.rfile.read(1)


@pytest.fixture
def silent_index() -> Iterator[tuple[str, ...]]:
    Silent.asked.clear()
    server = HTTPServer(("127.0.0.1", 0), Silent)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield (f"--index-url=http://127.0.0.1:{server.server_port}/", "--retries=0")
    server.shutdown()
    thread.join()
    server.server_close()


def children() -> list[psutil.Process]:
    return [one for one in psutil.Process().children() if "run_alone" in command_of(one)]


def command_of(process: psutil.Process) -> str:
    """Of one that may have ended meanwhile, nothing."""
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""


async def test_it_takes_no_longer_than_it_may(
    store: FileStore, silent_index: tuple[str, ...], tmp_path: Path
) -> None:
    terms = Terms(timeout=timedelta(seconds=3), index=silent_index)

    with pytest.raises(RequirementsTimedOut, match="3 seconds"):
        await ask(store, "anything", terms, tmp_path / "work")

    assert children() == []
    assert list((tmp_path / "work").iterdir()) == []


async def test_cancelled_in_the_middle_nothing_is_left(
    store: FileStore,
    silent_index: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PENSTOCK_SECRET_KEY", "a secret of the service")
    monkeypatch.setenv("PIP_PROXY", "")
    asking = asyncio.create_task(
        ask(store, "anything", Terms(index=silent_index), tmp_path / "work")
    )
    assert await asyncio.to_thread(Silent.asked.wait, PATIENCE_SECONDS)
    [pip] = children()
    environment = pip.environ()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking

    assert children() == []
    assert list((tmp_path / "work").iterdir()) == []
    # What pip needs to find its index, and no secret of the service.
    assert "PIP_PROXY" in environment
    assert not any(name.startswith("PENSTOCK_") for name in environment)


async def test_an_index_that_is_away_is_nobodys_fault(store: FileStore) -> None:
    index = (f"--index-url=http://127.0.0.1:{free_port()}/", "--retries=1")

    with pytest.raises(PackageIndexUnavailable):
        await ask(store, "anything", Terms(index=index))


@pytest.mark.skipif(not can_mount(), reason="this host lets nobody mount a small disk")
def test_a_full_disk_is_said_to_be_full_and_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    on_a_small_disk(_FULL, tmp_path / "disk")


def test_a_program_that_cannot_start_another(tmp_path: Path) -> None:
    script = tmp_path / "starting.py"
    script.write_text(
        "import os, subprocess, sys\n"
        "for start in (lambda: subprocess.run(['true']), lambda: os.system('true'),\n"
        "              lambda: os.fork(), lambda: os.execv('/bin/true', ['true']),\n"
        "              lambda: os.posix_spawn('/bin/true', ['true'], {})):\n"
        "    try: start()\n"
        "    except PermissionError: print('refused')\n"
    )
    alone = Path(__file__).parents[2] / "app" / "jobs" / "code" / "run_alone.py"
    done = subprocess.run(
        [sys.executable, str(alone), "1000", "10", "starting"],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(tmp_path)},
    )

    assert done.stdout.split() == ["refused"] * 5


def test_what_is_told_is_printable_short_and_says_nothing_of_this_machine() -> None:
    output = (
        "Looking in indexes: https://user:secret@index.example/simple\n"
        "Collecting a\n  Downloading https://index.example/a.whl (1 kB)\n"
        "ERROR: \x1b[31mcannot open '/srv/x/y.txt' of file:///opt/z from https://h.example/a?b=c\n"
        "see host='inner.example' and /etc and/or a/b\n"
    )

    told = words_of(output)

    assert told == (
        "ERROR:  [31mcannot open '(path)' of (address) from (address)\n"
        "see (address) and (path) and/or a/b"
    )
    assert len(words_of("x" * 3_000)) == 2_000
    assert len(words_of("x\n" * 300).splitlines()) == 20
    assert words_of("Collecting a\n") == "pip did not say why"


@pytest.mark.parametrize(
    ("output", "blame"),
    [
        ("OSError: [Errno 28] No space left on device", Blame.DISK),
        ("OSError: [Errno 27] File too large", Blame.SIZE),
        ("WARNING: Retrying after connection broken by 'NewConnectionError", Blame.INDEX),
        ("ERROR: HTTP error 503 while getting", Blame.INDEX),
        ("ERROR: No matching distribution found", Blame.REQUIREMENTS),
    ],
)
def test_whose_fault_it_is(output: str, blame: Blame) -> None:
    assert blame_of(output) is blame
