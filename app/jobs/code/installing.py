"""Installing requirements into a folder: pip in a process of its own, wheels only, watched.

    requirements ──▶ pip ──▶ folder ──▶ scripts of this machine dropped ──▶ compiled ──▶ measured
                      └ too long, too large, no room, no such package: ended, and an error

How pip reaches its index: by this machine's own configuration. Its files are found as always
(/etc/pip.conf, $XDG_CONFIG_DIRS, the user's, the venv's), and the names below are handed on;
nothing else of the environment is, so no secret of the service is in the process.
"""

import asyncio
import contextlib
import os
import sys
from collections import deque
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from app.core.files.errors import StorageFull
from app.core.files.local import in_thread
from app.core.settings import surroundings
from app.jobs.code.errors import (
    LayerTooLarge,
    PackageIndexUnavailable,
    RequirementsFailed,
    RequirementsTimedOut,
)
from app.jobs.code.measuring import bytes_of
from app.jobs.code.pip_words import Blame, blame_of, words_of
from app.jobs.code.requirements import Requirements

_HANDED_ON = (
    *("HOME", "XDG_CONFIG_HOME", "XDG_CONFIG_DIRS", "PIP_CONFIG_FILE"),
    *("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX", "PIP_CONSTRAINT"),
    *("PIP_TRUSTED_HOST", "PIP_CERT", "PIP_CLIENT_CERT", "PIP_PROXY"),
    *("PIP_DEFAULT_TIMEOUT", "PIP_TIMEOUT", "PIP_RETRIES"),
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    *("http_proxy", "https_proxy", "all_proxy", "no_proxy"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NETRC"),
)
# No cache: it would grow without end, and what one customer installs is kept as a layer anyway.
_PIP = (
    *("pip", "install", "--only-binary=:all:", "--no-input", "--disable-pip-version-check"),
    *("--no-cache-dir", "--no-compile", "--no-color", "--progress-bar=off"),
    *("--no-warn-script-location", "--root-user-action=ignore", "--keyring-provider=disabled"),
)
_RUN_ALONE = Path(__file__).with_name("run_alone.py")
_LOOK_SECONDS = 0.25
# Wheels lie beside what they become, and those of versions that were tried and not taken.
_WHILE_WORKING = 3
_TAIL_BYTES = 64 * 2**10


@dataclass(frozen=True, slots=True)
class Terms:
    """How much a layer may take, and where packages come from.

    Attributes:
        most_bytes: of the installed files together.
        timeout: for resolving, fetching and installing together.
        index: arguments of pip that name a place of packages; without any, pip's configuration.
    """

    most_bytes: int = 500 * 2**20
    timeout: timedelta = timedelta(minutes=5)
    index: tuple[str, ...] = ()


async def install(requirements: Requirements, work: Path, terms: Terms) -> Path:
    """Install into a folder inside `work`, an empty folder, and return it.

    Raises:
        RequirementsFailed, RequirementsTimedOut, LayerTooLarge: the requirements cannot be had.
        PackageIndexUnavailable, StorageFull: they may be had later.
    """
    installed, wanted = work / "installed", work / "requirements.txt"
    await in_thread(_prepare, work, wanted, requirements)
    end = asyncio.get_running_loop().time() + terms.timeout.total_seconds()
    pip = (*_PIP, *terms.index, f"--target={installed}", f"--requirement={wanted}")
    status, output = await _run(pip, work, terms, end)
    if status:
        raise _failure(output, terms)
    await in_thread(_drop_scripts, installed)
    # Some packages hold files for other versions of Python; those stay as they are. Loaded without
    # a look at the source, so that they fit wherever the layer is unpacked.
    compiling = ("compileall", "-qq", "--invalidation-mode=unchecked-hash", "-s", str(installed))
    await _run((*compiling, "-p", "layer", str(installed)), work, terms, end)
    if await in_thread(bytes_of, installed) > terms.most_bytes:
        raise LayerTooLarge(most_bytes=terms.most_bytes)
    return installed


def _prepare(work: Path, wanted: Path, requirements: Requirements) -> None:
    (work / "temporary").mkdir()
    (work / "installed").mkdir()
    wanted.write_text("\n".join([*requirements.lines, ""]))


async def _run(arguments: tuple[str, ...], work: Path, terms: Terms, end: float) -> tuple[int, str]:
    """Run a module of Python to its end; returns its status and the last it said."""
    seconds = terms.timeout.total_seconds()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", str(_RUN_ALONE), str(terms.most_bytes), str(int(seconds) + 1)),
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=work,
        env={
            **surroundings(_HANDED_ON),
            "PATH": os.defpath,
            "LANG": "C.UTF-8",
            "TMPDIR": str(work / "temporary"),
        },
        start_new_session=True,
    )
    reading = asyncio.create_task(_last_of(process.stdout))
    try:
        async with asyncio.timeout_at(end):
            await _watch(process, work, terms)
    except TimeoutError:
        raise RequirementsTimedOut(seconds=int(seconds)) from None
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        output = await reading
    return process.returncode or 0, output


async def _watch(process: asyncio.subprocess.Process, work: Path, terms: Terms) -> None:
    ending = asyncio.ensure_future(process.wait())
    try:
        while not (await asyncio.wait({ending}, timeout=_LOOK_SECONDS))[0]:
            if await in_thread(bytes_of, work) > _WHILE_WORKING * terms.most_bytes:
                raise LayerTooLarge(most_bytes=terms.most_bytes)
    finally:
        ending.cancel()


async def _last_of(stream: asyncio.StreamReader | None) -> str:
    """The end of what a process says, however much it says."""
    kept: deque[bytes] = deque(maxlen=_TAIL_BYTES // 1024)
    while stream is not None and (block := await stream.read(1024)):
        kept.append(block)
    return b"".join(kept).decode(errors="replace")


def _failure(output: str, terms: Terms) -> Exception:
    match blame_of(output):
        case Blame.SIZE:
            return LayerTooLarge(most_bytes=terms.most_bytes)
        case Blame.DISK:
            return StorageFull()
        case Blame.INDEX:
            return PackageIndexUnavailable()
        case Blame.REQUIREMENTS:
            return RequirementsFailed(words=words_of(output))


def _drop_scripts(installed: Path) -> None:
    """Remove scripts that name this machine's Python; elsewhere there is none at that path."""
    scripts = installed / "bin"
    for script in scripts.glob("*"):
        if script.is_file() and not script.is_symlink():
            with script.open("rb") as file:
                # The second form is for a Python whose path is too long for the first.
                is_ours = file.read(512).startswith(
                    (b"#!" + os.fsencode(sys.executable), b"#!/bin/sh\n'''exec'")
                )
            if is_ours:
                script.unlink()
    with contextlib.suppress(OSError):  # it is not there, or something else is left in it
        scripts.rmdir()
