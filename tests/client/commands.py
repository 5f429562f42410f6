"""`penstock` as a person types it: a process of its own, without settings of this one.

One that is run to its end is forked from a process that has loaded it; what loading is like, those
tests see that interrupt it, or give it a terminal.
"""

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from tests.client import oven
from tests.client.service import KEY
from tests.guards.sources import ROOT


def environment(**given: str) -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("PENSTOCK_")}
    return {**ours, "PYTHONPATH": str(ROOT), **given}


def command(*words: str) -> list[str]:
    return [sys.executable, "-P", "-m", "app", *words]


def penstock(
    *words: str,
    cwd: Path,
    url: str | None = None,
    key: str | None = KEY,
    stdin: IO[str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run it to its end, in an empty directory; what it said is in the result."""
    given = {"PENSTOCK_URL": url} if url else {}
    given |= {"PENSTOCK_KEY": key} if key else {}
    with (
        TemporaryFile("w+") as output,
        TemporaryFile("w+") as errors,
        Path(os.devnull).open() as nothing,
    ):
        streams = [stdin or nothing, output, errors]
        status = oven.heated().run(words, environment(**given), cwd, streams)
        said = [(one.seek(0), one.read())[1] for one in (output, errors)]
    return subprocess.CompletedProcess(words, status, *said)


def started(*words: str, url: str, cwd: Path) -> subprocess.Popen[str]:
    """Run it, to be interrupted."""
    return subprocess.Popen(
        command(*words), env=environment(PENSTOCK_URL=url, PENSTOCK_KEY=KEY), cwd=cwd, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
