"""One scratch folder for all of these tests, and a look at the machine after each of them."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from tests.code_users import SANDBOX, USERS, first_user
from tests.sandbox.running import Jobs, a_driver
from workers.sandbox.bubblewrap import Bubblewrap

# Shorter than what is left over would sleep by itself.
_PATIENCE_SECONDS = 20


@pytest.fixture(scope="session")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scratch")


@pytest.fixture(scope="session", name="first_user")
def _first_user(worker_id: str) -> int:
    return first_user(SANDBOX, worker_id)


@pytest.fixture(scope="session")
async def driver(scratch: Path, first_user: int) -> Bubblewrap:
    """One that is sound: without bubblewrap these tests fail, they are not skipped."""
    driver = a_driver(scratch, first_user=first_user, users=USERS)
    assert await driver.self_test() == []
    return driver


@pytest.fixture
def jobs(driver: Bubblewrap, tmp_path: Path) -> Jobs:
    return Jobs(tmp_path, driver)


@pytest.fixture(autouse=True)
async def _nothing_is_left(
    driver: Bubblewrap, scratch: Path, first_user: int
) -> AsyncIterator[None]:
    """After every test: no process, no descriptor, no folder but those that all runs share."""
    before = _descriptors()
    yield
    end = time.monotonic() + _PATIENCE_SECONDS
    while left := _left(before, first_user):
        # The event loop closes some of them a turn later, and somebody buries the dead.
        assert time.monotonic() < end, left
        await asyncio.sleep(0.02)
    assert _folders_in(scratch) <= {"users", "equipment"}


def _left(before: int, first_user: int) -> list[object]:
    more = range(before, _descriptors())
    return [*more, *(p for p in psutil.process_iter() if _is_left(p, first_user))]


def _folders_in(scratch: Path) -> set[str]:
    return {path.name.split("-")[0] for path in scratch.iterdir()}


def _descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def _is_left(process: psutil.Process, first_user: int) -> bool:
    """A sandbox that we started, or anything that runs as one of its users."""
    try:
        users = process.uids()
        is_child = process.name() == "bwrap" and process.ppid() == os.getpid()
        return is_child or first_user <= users.real < first_user + USERS
    except psutil.NoSuchProcess:
        return False
