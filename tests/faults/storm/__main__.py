"""python -m tests.faults.storm --minutes 60 [--seed N]: a storm by hand, and its report."""

import argparse
import asyncio
import random
import sys

from tests.faults.storm.report import weather


def main() -> None:
    """Exit status 1 if the checker found anything."""
    parser = argparse.ArgumentParser(description="A storm of faults; see tests/faults/storm.")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=random.randrange(2**31))
    given = parser.parse_args()
    sys.stdout.write(f"seed {given.seed}\n")
    sys.stdout.flush()
    report = asyncio.run(weather(given.seed, given.minutes * 60))
    sys.stdout.write(f"{report}\n")
    sys.exit(bool(report.breaches))


if __name__ == "__main__":
    main()
