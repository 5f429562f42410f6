"""A minute of everything going wrong at once; `python -m tests.faults.storm` does an hour."""

import os
import random
import sys

from tests.faults.storm.report import weather

SECONDS = 60


async def test_a_minute_of_storm_loses_nothing_and_does_nothing_twice() -> None:
    """Another storm every time; `STORM_SEED` brings one back."""
    seed = int(os.environ.get("STORM_SEED") or random.randrange(2**31))

    report = await weather(seed, SECONDS)

    sys.stdout.write(f"{report}\n")
    assert not report.breaches, f"STORM_SEED={seed}\n{report}"
