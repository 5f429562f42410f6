"""What a person at a terminal sees of `penstock import`."""

import os
import pty
import subprocess
from pathlib import Path

from tests.client.commands import command, environment
from tests.client.service import KEY, Service
from tests.faults.processes import PATIENCE_SECONDS


def test_bars_show_bytes_then_rows(service: Service, small: Path, tmp_path: Path) -> None:
    running = {
        "state": "running", "total": 1_000, "processed": 250, "failed": 3,
        "progress": {"phase": "resolving", "rows_per_second": 100, "remaining_seconds": 7.5},
    }  # fmt: skip
    service.ends = [running, running, {"state": "succeeded", "total": 1_000, "succeeded": 1_000}]
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command("import", str(small)),
        env=environment(PENSTOCK_URL=service.url, PENSTOCK_KEY=KEY, TERM="xterm", COLUMNS="120"),
        cwd=tmp_path,
        stdout=theirs,
    )
    os.close(theirs)

    shown = _all(ours)

    assert process.wait(PATIENCE_SECONDS) == 0
    assert f"{small.stat().st_size}/{small.stat().st_size} bytes" in shown
    assert "resolving" in shown
    assert "250 of 1,000 rows, 100 rows/s, 0:00:08 left, 3 failed" in shown
    assert "succeeded            1,000" in shown


def _all(terminal: int) -> str:
    """What was written until nobody has the terminal open any more."""
    shown = b""
    while True:
        try:
            block = os.read(terminal, 4096)
        except OSError:  # Linux says so at the end
            block = b""
        if not block:
            os.close(terminal)
            return shown.decode()
        shown += block
