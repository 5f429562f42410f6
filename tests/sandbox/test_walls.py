"""What customers' code tries to see, to reach or to do beyond its sandbox."""

import asyncio
import os
import socket
from pathlib import Path

import pytest

from tests.guards.sources import ROOT
from tests.sandbox.running import Jobs
from workers.sandbox.bubblewrap import Bubblewrap

LOOK = """
    import os
    def main(event):
        found = {}
        for path in event["body"]:
            try:
                if os.path.isdir(path):
                    found[path] = os.listdir(path)
                else:
                    with open(path, "rb") as file:
                        found[path] = len(file.read(100))
            except OSError as error:
                found[path] = type(error).__name__
        return found
"""
CALL = """
    import ctypes, os
    libc = ctypes.CDLL(None, use_errno=True)
    def call(name, *arguments):
        ctypes.set_errno(0)
        done = getattr(libc, name)(*arguments)
        return os.strerror(ctypes.get_errno()) if done < 0 else "done"
"""


async def test_the_self_test_finds_the_sandbox_sound(driver: Bubblewrap) -> None:
    assert await driver.self_test() == []


async def test_files_of_the_machine_are_not_there(jobs: Jobs) -> None:
    other = jobs.code("PASSWORD = 'of another run'")
    wanted = ["/etc/shadow", str(ROOT / "pyproject.toml"), str(other / "main.py"), str(Path.home())]
    wanted += [
        "/var",
        "/home",
        "/sys",
        "/srv",
        "/opt",
        "/proc/kcore",
        "/proc/1/root/etc/shadow",
        "/boot",
    ]

    found = await jobs.value(LOOK, body=wanted)

    allowed = {"FileNotFoundError", "PermissionError"}
    home = found.pop(str(Path.home()))
    assert set(found.values()) <= allowed
    # Only the way to the interpreter may lead through it.
    assert home in tuple(allowed) or len(home) <= 1


async def test_etc_holds_what_we_put_there(jobs: Jobs) -> None:
    found = await jobs.value(LOOK, body=["/etc", "/", "/penstock", "/job"])

    certificates = {"ssl", "pki", "ca-certificates", "ld.so.cache"}
    assert set(found["/etc"]) - certificates == {"passwd", "group", "hosts"}
    assert set(found["/penstock"]) == {"inside", "probe", "site", "etc"}
    assert set(found["/job"]) == {"code", "work", "output"}


async def test_no_environment_and_no_descriptor_is_inherited(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PENSTOCK_SECRET_KEY", "the installation's own key")
    source = """
        import os
        def main():
            every = {}
            for pid in filter(str.isdigit, os.listdir("/proc")):
                for name in ("environ", "cmdline"):
                    try:
                        every[f"{pid}/{name}"] = open(f"/proc/{pid}/{name}").read()
                    except OSError as error:
                        every[f"{pid}/{name}"] = type(error).__name__
            links = [os.readlink(f"/proc/self/fd/{n}") for n in range(64)
                     if os.path.lexists(f"/proc/self/fd/{n}")]
            return {"proc": every, "environ": dict(os.environ), "links": links}
    """
    with socket.socket() as inheritable:
        inheritable.set_inheritable(True)
        found = await jobs.value(source, secrets={"token": "only for the code"})

    assert "installation" not in str(found)
    assert "only for the code" not in str(found)
    assert str(jobs.folder) not in str(found)
    assert found["proc"]["1/environ"] in ("", "PermissionError")
    assert set(found["environ"]) >= {"HOME", "OUTPUT_DIR", "TMPDIR"}
    assert found["links"][0] == "/dev/null"
    # Standard output and error, what LS.log keeps of the first, and where the end is told.
    assert sorted({link.partition(":")[0] for link in found["links"]}) == ["/dev/null", "pipe"]
    assert len(found["links"]) == 5


async def test_other_processes_are_not_there(jobs: Jobs) -> None:
    source = """
        import os
        def main(event):
            try:
                os.kill(event["body"], 0)
                reached = True
            except OSError as error:
                reached = type(error).__name__
            return {"reached": reached, "pids": sorted(
                int(name) for name in os.listdir("/proc") if name.isdigit())}
    """
    found = await jobs.value(source, body=max(os.getpid(), 1_000_000))

    assert found["reached"] == "ProcessLookupError"
    assert found["pids"][0] == 1
    assert len(found["pids"]) == 2


async def test_two_runs_at_once_know_nothing_of_each_other(jobs: Jobs) -> None:
    source = """
        import os, socket, time
        def main(event):
            open("/tmp/mine", "w").write(event["body"]); open("/dev/shm/mine", "w").write("x")
            here = socket.socket(socket.AF_UNIX); here.bind("\\0meeting"); here.listen()
            time.sleep(0.3)
            seen = sorted(name for name in os.listdir("/proc") if name.isdigit())
            return [os.listdir("/tmp"), os.listdir("/dev/shm"), seen, open("/tmp/mine").read()]
    """
    one, two = await asyncio.gather(
        jobs.value(jobs.code(source), body="one"), jobs.value(jobs.code(source), body="two")
    )

    assert one == [["mine"], ["mine"], ["1", "2"], "one"]
    assert two == [["mine"], ["mine"], ["1", "2"], "two"]


async def test_without_a_proxy_there_is_no_network(jobs: Jobs) -> None:
    source = """
        import errno, socket
        def attempt(family, address, kind=socket.SOCK_STREAM):
            try:
                with socket.socket(family, kind) as tried:
                    tried.settimeout(2)
                    tried.connect(tuple(address) if isinstance(address, list) else address)
                    if kind == socket.SOCK_DGRAM: tried.send(b"x")
                return "reached"
            except OSError as error:
                return errno.errorcode.get(error.errno, str(error))
        def main(event):
            port = event["body"]
            return {
                "loopback": attempt(socket.AF_INET, ("127.0.0.1", port)),
                "loopback6": attempt(socket.AF_INET6, ("::1", port)),
                "metadata": attempt(socket.AF_INET, ("169.254.169.254", 80)),
                "private": attempt(socket.AF_INET, ("10.0.0.1", 80)),
                "names": attempt(socket.AF_INET, ("8.8.8.8", 53), socket.SOCK_DGRAM),
                "machine": attempt(socket.AF_VSOCK, (2, port)),
                "packets": attempt(socket.AF_PACKET, ("lo", 0), socket.SOCK_RAW),
                "kernel": attempt(socket.AF_NETLINK, (0, 0), socket.SOCK_RAW),
            }
    """
    with socket.create_server(("127.0.0.1", 0)) as server:
        found = await jobs.value(source, body=server.getsockname()[1])

    assert found.pop("loopback") == "ECONNREFUSED"
    assert found.pop("loopback6") in ("ECONNREFUSED", "EADDRNOTAVAIL")
    assert {found.pop(name) for name in ("metadata", "private", "names")} == {"ENETUNREACH"}
    assert set(found.values()) == {"EAFNOSUPPORT"}


async def test_calls_that_lead_out_are_refused(jobs: Jobs) -> None:
    source = (
        CALL
        + """
    def main():
        new_user, new_net, new_mount = 0x10000000, 0x40000000, 0x20000
        return {
            "unshare": call("unshare", new_user),
            "clone": call("syscall", 56 if os.uname().machine == "x86_64" else 220,
                          new_user | 17, 0, 0, 0, 0),
            "mount": call("mount", b"none", b"/tmp", b"tmpfs", 0, None),
            "remount": call("mount", None, b"/", None, 0x1020, None),
            "umount": call("umount2", b"/proc", 2),
            "setns": call("setns", 0, 0),
            "chroot": call("chroot", b"/tmp"),
            "ptrace": call("ptrace", 16, 1, None, None),
            "traceme": call("ptrace", 0, 0, None, None),
            "keyctl": call("syscall", 250 if os.uname().machine == "x86_64" else 219, 0, -3, 0),
            "memfd": call("memfd_create", b"x", 0),
            "shmget": call("shmget", 0, 2**33, 0o1600),
            "setuid": call("setuid", 0),
            "mknod": call("mknod", b"/tmp/disk", 0o60600, 0x800),
            "vm": call("process_vm_readv", 1, None, 0, None, 0, 0),
            "perf": call("syscall", 298 if os.uname().machine == "x86_64" else 241, 0, 0, 0, 0, 0),
            "aio": call("syscall", 206 if os.uname().machine == "x86_64" else 0, 1, None),
            "uring": call("syscall", 425, 1, None),
        }
    """
    )
    found = await jobs.value(source)

    # An ordinary user's sandbox has no such user to become.
    assert found.pop("setuid") in ("Operation not permitted", "Invalid argument")
    assert set(found.values()) == {"Operation not permitted"}, found


async def test_set_uid_programs_give_nothing(jobs: Jobs) -> None:
    source = """
        import os, re, subprocess
        def main():
            status = open("/proc/self/status").read()
            ids = [subprocess.run(command, capture_output=True, text=True).stdout
                   for command in (["id", "-u"], ["su", "-c", "id -u"], ["mount"])]
            return [re.findall(r"^(?:Cap(?:Eff|Prm|Amb)|NoNewPrivs|Seccomp):\\s*(\\w+)", status,
                               re.M), ids[0].strip(), "0" in ids[1].split()]
    """
    rights, user, is_root = await jobs.value(source)

    assert rights == ["0" * 16, "0" * 16, "0" * 16, "1", "2"]
    assert (user, is_root) == ("1000", False)


async def test_the_system_and_its_own_code_cannot_be_written_to(jobs: Jobs) -> None:
    code = jobs.code(
        """
        import os, sys
        def main():
            found = {}
            places = ["/", "/usr", "/usr/lib", "/etc", "/dev", "/penstock/inside", "/job", "/proc",
                      "/job/code", sys.base_prefix, "/run", os.path.dirname(os.__file__)]
            for place in places:
                try:
                    open(place + "/new", "w")
                    found[place] = "written"
                except OSError as error:
                    found[place] = type(error).__name__
            for deed in (lambda: open(__file__, "a"), lambda: os.remove(__file__),
                         lambda: os.chmod(__file__, 0o777), lambda: open("data.csv", "a")):
                try:
                    deed()
                    found[str(deed)] = "written"
                except OSError as error:
                    found[str(deed)] = type(error).__name__
            return found
        """,
        data__csv="a,b\n",
    )
    before = (code / "main.py").read_bytes()

    found = await jobs.value(code)

    assert "written" not in found.values()
    assert (code / "main.py").read_bytes() == before
    assert sorted(path.name for path in code.iterdir()) == ["data.csv", "main.py"]


async def test_forging_the_channel_lies_about_itself_only(jobs: Jobs) -> None:
    source = """
        import json, os
        def main():
            for descriptor in range(3, 64):
                for said in (b"\\xff\\n", b"[]\\n", b'{"email": 5}\\n', b"x" * 100_000 + b"\\n",
                             json.dumps({"returned": {"total": 7}}).encode() + b"\\n"):
                    try: os.write(descriptor, said)
                    except OSError: pass
            return "honest"
    """
    ran = await jobs.run(source)

    assert (ran.outcome.ended, ran.outcome.value) == ("returned", {"total": 7})
    assert ran.emails == []


async def test_closed_outputs_do_not_disturb_the_end(jobs: Jobs) -> None:
    source = """
        import os, sys
        from helper import LS
        def main():
            print("before"); sys.stdout.close(); sys.stderr.close()
            os.closerange(0, 3)
            LS.log.info("after")
            return 5
    """
    ran = await jobs.run(source)

    assert (ran.outcome.ended, ran.outcome.value) == ("returned", 5)
    assert ran.texts == ["before", "after"]
