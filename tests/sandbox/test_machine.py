"""The sandbox among its neighbours: a killed worker, a leaking bubblewrap, the proxy's socket."""

import ast
import asyncio
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import psutil
import pytest

from tests.faults.processes import PATIENCE_SECONDS
from tests.guards.sources import ROOT, modules, name_of
from tests.sandbox.running import Jobs, a_driver
from workers.sandbox.errors import SandboxBroken
from workers.sandbox.users import lent

WORKER = """
import asyncio, sys
from pathlib import Path
from tests.sandbox.running import Jobs, a_driver

async def main():
    jobs = Jobs(Path(sys.argv[1]), a_driver(Path(sys.argv[2]), first_user=int(sys.argv[3])))
    source = '''
        import os, signal, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        def main():
            if os.fork() == 0:
                os.setsid()
            print("running")
            time.sleep(600)
    '''
    await jobs.run(source, seconds=600, on_line=lambda line: print(line.text, flush=True))

asyncio.run(main())
"""
# Another bubblewrap in front of the real one, which changes what it is told to build.
LEAKY = """#!{python}
import os, subprocess, sys
at = sys.argv.index("--args") + 1
words = os.fdopen(int(sys.argv[at])).read().split(chr(0))[:-1]
words = {change}
told = os.memfd_create("arguments")
os.write(told, "".join(word + chr(0) for word in words).encode())
os.lseek(told, 0, 0)
os.set_inheritable(told, True)
sys.argv[at] = str(told)
os.execv("{real}", ["bwrap", *sys.argv[1:]])
"""
# A small stand-in for the program that leads to the proxy: one connection after the other.
FORWARDER = """
import os, socket, sys
path, port, ready = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
with socket.create_server(("127.0.0.1", port)) as server:
    os.write(ready, b"%d\\n" % port); os.close(ready)
    while True:
        here, _ = server.accept()
        with here, socket.socket(socket.AF_UNIX) as there:
            there.connect(path)
            there.sendall(here.recv(65536))
            while piece := there.recv(65536): here.sendall(piece)
"""


def test_a_killed_worker_takes_its_sandboxes_along(
    tmp_path: Path, scratch: Path, first_user: int
) -> None:
    (tmp_path / "jobs").mkdir()
    words = [str(tmp_path / "jobs"), str(scratch), str(first_user)]
    command = [sys.executable, "-c", WORKER, *words]
    worker = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert worker.stdout is not None
    with worker.stdout:
        assert worker.stdout.readline() == "running\n"
        below = psutil.Process(worker.pid).children(recursive=True)
        assert len(below) >= 4

        worker.send_signal(signal.SIGKILL)
        worker.wait()

    assert psutil.wait_procs(below, timeout=PATIENCE_SECONDS)[1] == []


async def test_without_bubblewrap_nothing_runs_and_the_reason_is_told(
    jobs: Jobs, scratch: Path
) -> None:
    without = a_driver(scratch, bwrap="bwrap-that-is-not-there")

    with pytest.raises(SandboxBroken, match="not installed"):
        await without.run(jobs.order("def main(): pass"), on_line=print)
    (reason,) = await without.self_test()
    assert "bwrap-that-is-not-there" in reason


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("[w for w in words if w != '--unshare-net']", "network"),
        (
            "['--bind', '/tmp', '/tmp'] + [w for w in words if w != '/tmp']",
            "Files|did not end|broken|No sandbox",
        ),
        ("[*words, '--setenv', 'PENSTOCK_SECRET_KEY', 'k']", "environment"),
        ("[w for n, w in enumerate(words) if '--seccomp' not in words[max(0, n-1):n+1]]", "calls"),
        (
            "[w for n, w in enumerate(words) if w != '/dev' or words[n-1] != '--remount-ro']",
            "written|No sandbox",
        ),
        ("['--no-such-option']", "no-such-option"),
    ],
)
async def test_the_self_test_sees_a_leak(
    tmp_path: Path, scratch: Path, first_user: int, change: str, reason: str
) -> None:
    leaky = tmp_path / "leaky"
    leaky.write_text(LEAKY.format(python=sys.executable, change=change, real=shutil.which("bwrap")))
    leaky.chmod(0o755)

    found = await a_driver(scratch, bwrap=str(leaky), first_user=first_user).self_test()

    assert found
    assert any(part in " ".join(found) for part in reason.split("|")), found


async def test_the_proxys_socket_is_the_only_way_out(
    tmp_path: Path, scratch: Path, first_user: int
) -> None:
    forwarder = tmp_path / "forwarder.py"
    forwarder.write_text(textwrap.dedent(FORWARDER))
    heard: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi")
        await writer.drain()
        writer.close()

    folder = tmp_path / "jobs"
    folder.mkdir()
    jobs = Jobs(folder, a_driver(scratch, forwarder=forwarder, first_user=first_user))
    path = tmp_path / "proxy.sock"
    server = await asyncio.start_unix_server(answer, str(path))
    async with server:
        source = """
            import os, requests
            def main():
                return [requests.get("http://example.com/rows").text, os.environ["HTTPS_PROXY"]]
        """
        assert await jobs.value(source, proxy_socket=path) == ["hi", "http://127.0.0.1:3128"]

    assert heard[0].startswith(b"GET http://example.com/rows HTTP/1.1\r\n")


def test_users_are_lent_to_one_run_at_a_time(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        with lent(tmp_path, first_user=70_000, most=1) as user:
            assert user.uid is None
        return
    with lent(tmp_path, first_user=70_000, most=2) as one:
        with lent(tmp_path, first_user=70_000, most=2) as two:
            assert (one.uid, two.uid) == (70_000, 70_001)
            with (
                pytest.raises(SandboxBroken, match="taken"),
                lent(tmp_path, first_user=70_000, most=2),
            ):
                pass
        with lent(tmp_path, first_user=70_000, most=2) as again:
            assert again.uid == 70_001


async def test_closed_folders_of_root_are_opened_for_the_code_alone(jobs: Jobs) -> None:
    code = jobs.code("import rows\ndef main(): return rows.COUNT", rows__py="COUNT = 3")
    for path in (code, *code.iterdir()):
        path.chmod(stat.S_IRWXU if path.is_dir() else stat.S_IRUSR)

    assert await jobs.value(code) == 3


@pytest.mark.parametrize("path", modules("workers/sandbox/inside"), ids=name_of)
def test_what_runs_inside_needs_nothing_but_python(path: Path) -> None:
    imported = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [n.name for n in node.names] if isinstance(node, ast.Import) else [node.module or ""]
        )
    }

    assert imported <= sys.stdlib_module_names


async def test_a_waiting_socket_is_no_network_without_a_forwarder(jobs: Jobs) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        path = jobs.folder / "s"
        listening.bind(str(path))
        with pytest.raises(ValueError, match="forwarder"):
            await jobs.run("def main(): pass", proxy_socket=path)
