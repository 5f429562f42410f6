"""`penstock` as a person types it: a process of its own, without settings of this one."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.client.service import KEY
from tests.faults.processes import PATIENCE_SECONDS
from tests.guards.sources import ROOT


def environment(**given: str) -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("PENSTOCK_")}
    return {**ours, "PYTHONPATH": str(ROOT), **given}


def command(*words: str) -> list[str]:
    return [sys.executable, "-P", "-m", "app", *words]


def penstock(
    *words: str, cwd: Path, url: str | None = None, key: str | None = KEY, **options: Any
) -> subprocess.CompletedProcess[str]:
    """Run it to its end, in an empty directory; what it said is in the result."""
    given = {"PENSTOCK_URL": url} if url else {}
    given |= {"PENSTOCK_KEY": key} if key else {}
    return subprocess.run(
        command(*words), env=environment(**given), cwd=cwd, capture_output=True, text=True,
        timeout=PATIENCE_SECONDS, check=False, **options,
    )  # fmt: skip


def started(*words: str, url: str, cwd: Path) -> subprocess.Popen[str]:
    """Run it, to be interrupted."""
    return subprocess.Popen(
        command(*words), env=environment(PENSTOCK_URL=url, PENSTOCK_KEY=KEY), cwd=cwd, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
