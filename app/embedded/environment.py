"""The settings that the embedded stack gives to its children, and to one-off commands."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values

from app.embedded.datadir import DEFAULT, DataDir
from app.embedded.state import find_state

DATABASE_URL = "PENSTOCK_DATABASE_URL"
REDIS_URL = "PENSTOCK_REDIS_URL"
HOST = "PENSTOCK_HTTP__HOST"
PORT = "PENSTOCK_HTTP__PORT"


def given_settings() -> dict[str, str]:
    """What the person set: `.env`, as every process of ours reads it, then the environment."""
    from_file = {name: value for name, value in dotenv_values(".env").items() if value is not None}
    return {**from_file, **os.environ}


# Nobody listens there: a ring from a command without a stack is lost, as any ring may be.
_NO_DOORBELL = "redis://127.0.0.1:1/0"
_SOURCE = Path(__file__).parents[2]


def load_environment(
    data_dir: Path = DEFAULT, given: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The settings of a data directory that are not yet in `given` (by default `given_settings()`).

    All but the database's address, which `borrowed_database` knows. What was given stays: nobody's
    own setting is overruled.
    """
    given = given_settings() if given is None else given
    found = DataDir.open_at(data_dir)
    state = find_state(found.state)
    settings = {
        REDIS_URL: state.redis_url if state else _NO_DOORBELL,
        **lasting_settings(found),
    }
    return {name: value for name, value in settings.items() if name not in given}


def lasting_settings(data_dir: DataDir) -> dict[str, str]:
    """What is true of a data directory, whether its stack is up or not."""
    return {
        "PENSTOCK_SECRET_KEY": data_dir.secrets().secret_key,
        "PENSTOCK_FILES__URL": f"file:{data_dir.files}",
        "PENSTOCK_CODE__SCRATCH": str(data_dir.code),
        "PENSTOCK_SANDBOX": "true",
    }


def python_module(*words: str) -> list[str]:
    """The command that runs a module of ours, whatever the current directory holds."""
    return [sys.executable, "-P", "-m", *words]


def for_python(settings: Mapping[str, str]) -> dict[str, str]:
    """The environment of such a command: because of `-P`, it is told where our modules lie."""
    path = [str(_SOURCE), *filter(None, [settings.get("PYTHONPATH")])]
    return {**settings, "PYTHONPATH": os.pathsep.join(path), "PYTHONUNBUFFERED": "1"}
