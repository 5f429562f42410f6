"""A sandbox that does not come to be: it is said in time, and nothing of it is left."""

import itertools
import resource
from datetime import timedelta
from pathlib import Path

import pytest

from app.core.settings import Code
from tests.sandbox.running import Jobs
from workers.sandbox.bubblewrap import Bubblewrap
from workers.sandbox.errors import SandboxBroken
from workers.sandbox.leash import Leash, moment


async def test_a_bubblewrap_that_hangs_is_given_up(
    jobs: Jobs, scratch: Path, first_user: int, tmp_path: Path
) -> None:
    hangs = tmp_path / "bwrap"
    hangs.write_text("#!/bin/sh\nexec sleep 1000\n")
    hangs.chmod(0o755)
    code = Code(bwrap=str(hangs), scratch=str(scratch), first_user=first_user)
    driver = Bubblewrap(code, start_seconds=0.3)

    with pytest.raises(SandboxBroken, match=r"did not start in 0\.3 seconds"):
        await driver.run(jobs.order("def main(): pass"), on_line=lambda _: None)


async def test_whatever_descriptor_is_the_one_too_many_none_is_left(jobs: Jobs) -> None:
    """The fixture around each test counts them."""
    order, most = jobs.order("def main(): pass"), resource.getrlimit(resource.RLIMIT_NOFILE)
    ends = []
    for more in range(40):
        resource.setrlimit(resource.RLIMIT_NOFILE, (_limit_for(more), most[1]))
        try:
            async with Leash(timedelta(minutes=1), since=moment()) as leash:
                await jobs.driver.run(order, on_line=lambda _: None, leash=leash)
            ends.append("ran")
        except (OSError, SandboxBroken, ExceptionGroup):
            ends.append("failed")
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, most)

    assert ends[0] == "failed"
    assert ends[-1] == "ran"


def _limit_for(more: int) -> int:
    """The limit below which so many numbers are free: those in use may lie anywhere."""
    used = {int(path.name) for path in Path("/proc/self/fd").iterdir()}
    free = (number for number in itertools.count() if number not in used)
    return next(itertools.islice(free, more, None))
