"""What a command loads before it does anything: of the service, nothing."""

import json
import subprocess
import sys

from tests.client.commands import environment
from tests.guards.sources import ROOT

SERVICE = {"fastapi", "starlette", "uvicorn", "alembic", "arq", "app.main", "app.core.resources"}


def test_the_command_line_starts_without_the_service() -> None:
    code = "import sys, json, app.__main__; print(json.dumps(list(sys.modules)))"

    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(), cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert SERVICE & set(json.loads(done.stdout)) == set()
