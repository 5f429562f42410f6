"""From inside a real sandbox without a network: out only through the proxy."""

import asyncio
import json
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.outbound.servers import saying, serving
from tests.proxying.making import listing, proxying, without_proxies
from workers.proxying.inside.starting import command, environment
from workers.proxying.policy import OwnApi

# As a launcher does: the relay first, its readiness awaited, then the customer's code.
ROOT = Path(__file__).parents[2]
LAUNCHER = """
import json, os, subprocess, sys
relay, code = json.loads(sys.argv[1]), sys.argv[2]
ready, told = os.pipe()
arguments = [str(told) if one == "READY" else one for one in relay]
process = subprocess.Popen(arguments, pass_fds=[told])
os.close(told)
assert int(os.read(ready, 10)) == int(os.environ["ALL_PROXY"].rpartition(":")[2])
exec(code)
"""

CODE = """
import json, os, socket, requests
own, files, api = os.environ["OWN"], os.environ["FILES"], os.environ["API"]
found = {}
for name, place in [("api", ("127.0.0.1", int(own))), ("public", ("203.0.113.1", 443))]:
    try:
        socket.create_connection(place, 5).close()
        found[f"direct {name}"] = "reached"
    except OSError as error:
        found[f"direct {name}"] = type(error).__name__
def ask(name, url, **options):
    try:
        answer = requests.get(url, timeout=200, **options)
        found[name] = [answer.status_code, answer.text.split(":")[0]]
    except requests.RequestException as error:
        found[name] = "403 network_refused" in str(error) or type(error).__name__
ask("listed", f"http://files.test:{files}/")
ask("v1", f"{api}/v1/people")
ask("metrics", f"{api}/metrics")
ask("loopback", "https://loop.test/")
ask("private", "http://inside.test/")
ask("metadata", "http://169.254.169.254/latest/meta-data/")
ask("redirect", f"http://files.test:{own}/")
with open(os.environ["OUT"], "w") as out:
    json.dump(found, out)
"""
NAMES = {
    "files.test": ["127.0.0.1"],
    "own.test": ["127.0.0.1"],
    "loop.test": ["127.0.0.1"],
    "inside.test": ["10.0.0.1"],
}


async def found_inside(folder: Path, env: Mapping[str, str], *, uid: int | None) -> Any:
    relay = list(command(str(folder / "proxy.sock"), 0, python=sys.executable))
    relay[-1] = "READY"
    namespaces = ["--unshare-net", "--unshare-user", "--unshare-pid", "--die-with-parent"]
    if uid is not None:
        namespaces += ["--uid", str(uid), "--gid", str(uid)]
    system = ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp"]  # noqa: S108  (inside)
    # A checkout may lie below /tmp itself.
    files = [*system, "--ro-bind", str(ROOT), str(ROOT)]
    out = folder / "out.json"
    process = await asyncio.create_subprocess_exec(
        *("bwrap", *namespaces, *files, "--bind", str(folder), str(folder)),
        *(sys.executable, "-c", LAUNCHER, json.dumps(relay), CODE),
        env={**without_proxies(), **environment(), **env, "OUT": str(out)},
        stderr=asyncio.subprocess.PIPE,
    )
    _, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return json.loads(out.read_text())


@asynccontextmanager
async def directory() -> AsyncIterator[Path]:
    with tempfile.TemporaryDirectory(prefix="penstock-") as folder:
        yield Path(folder)


@pytest.mark.parametrize("uid", [None, 4321], ids=["as oneself", "as a user of its own"])
async def test_what_is_reached_from_inside(uid: int | None) -> None:
    leads_in = saying("302 Found", b"", "Location: http://inside.test/")
    async with (
        serving(saying("200 OK", b"rows")) as files,
        serving(leads_in) as leading,
        serving(saying("200 OK", b"[]")) as own,
    ):
        policy = listing(
            f"files.test:{files.port}",
            f"files.test:{leading.port}",
            own_api=OwnApi("own.test", own.port, is_tls=False),
        )
        async with proxying(policy, NAMES) as site:
            env = {
                "OWN": str(leading.port),
                "FILES": str(files.port),
                "API": f"http://own.test:{own.port}",
            }
            found = await found_inside(site.path.parent, env, uid=uid)
            hosts = {use.host for use in site.proxy.hosts()}

    assert found == {
        "direct api": "ConnectionRefusedError",
        "direct public": "OSError",
        "listed": [200, "rows"],
        "v1": [200, "[]"],
        "metrics": [403, "path_not_allowed"],
        "loopback": True,
        "private": [403, "network_refused"],
        "metadata": [403, "network_refused"],
        "redirect": [403, "network_refused"],
    }
    assert [len(files.heard), len(own.heard), len(leading.heard)] == [1, 1, 1]
    assert hosts == {"files.test", "own.test", "loop.test", "inside.test", "169.254.169.254"}
