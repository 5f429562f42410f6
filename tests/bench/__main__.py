"""python -m tests.bench [--only NAME,…] [--pairs N] [--files N] [--quick]"""

import argparse
import asyncio
import os
import signal
import sys
import time
import traceback

import uvloop

from app.core import log
from app.core.settings import PREFIX, Log
from tests.bench import report
from tests.bench.facts import facts
from tests.bench.measures import MEASURES
from tests.bench.pairs import Plan
from tests.bench.rows import Row
from tests.bench.stand import Stand

LEAST_PAIRS = 5
_QUICK_PAIRS = 2


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201  # a command talks


async def run(names: list[str], plan: Plan) -> int:
    """Measure, show, and write the table if all of it was measured properly."""
    began = time.monotonic()
    _end_on_sigterm()
    rows: list[Row] = []
    failed = 0
    async with Stand.started() as stand:
        told = await facts(stand)
        say("\n".join(told))
        for name in names:
            started = time.monotonic()
            try:
                found = await MEASURES[name](stand, plan)
            except Exception as error:
                failed += 1
                traceback.print_exc()
                reason = str(error).strip().rpartition("\n")[2]
                found = [Row(name, f"{type(error).__name__}: {reason}", "–", verdict="failed")]
            rows += found
            say(f"\n{name}: {time.monotonic() - started:.0f} s\n{report.table(found)}")
    seconds = time.monotonic() - began
    text = report.page(told, rows, pairs=plan.pairs, seconds=seconds)
    say(f"\n{text}\n\n{seconds:.0f} s in total")
    is_whole = names == list(MEASURES) and plan.pairs >= LEAST_PAIRS and not plan.quick
    if is_whole and not failed:
        report.write(text)
        say(f"written into {report.RESULTS}")
    else:
        say("not written: that takes every measure, five pairs or more, and no failure")
    return 1 if failed else 0


def _end_on_sigterm() -> None:
    """As Ctrl-C does: servers, processes and data go first."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="The benchmark.")
    parser.add_argument("--only", help=f"some of: {', '.join(MEASURES)}")
    parser.add_argument("--pairs", type=int, help=f"rounds; {LEAST_PAIRS} if not set")
    parser.add_argument("--files", type=int, default=1, help="rounds of the import; 1 if not set")
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that it works")
    given = parser.parse_args()
    names = given.only.split(",") if given.only else list(MEASURES)
    unknown = set(names) - set(MEASURES)
    if unknown:
        parser.error(f"no measure is called {', '.join(sorted(unknown))}")
    pairs = given.pairs or (_QUICK_PAIRS if given.quick else LEAST_PAIRS)
    # Nobody's own settings may reach the arms.
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        del os.environ[name]
    log.configure(Log(level="WARNING"))
    try:
        sys.exit(uvloop.run(run(names, Plan(pairs, given.quick, given.files))))
    except (KeyboardInterrupt, asyncio.CancelledError):
        sys.exit(130)


if __name__ == "__main__":
    main()
