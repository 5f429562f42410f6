"""What code breaks of its own streams and values hides neither its error nor its success."""

import pytest

from tests.sandbox.running import Jobs
from workers.sandbox.outcome import Ended


@pytest.mark.parametrize(
    "spoilt",
    [
        "sys.stderr = sys.stdout = None",
        "sys.stderr.close(); sys.stdout.close()",
        "sys.stderr = sys.stdout = Spoilt()",
    ],
)
async def test_what_was_wrong_is_told_whatever_became_of_the_standard_streams(
    jobs: Jobs, spoilt: str
) -> None:
    source = f"""
        import sys
        class Spoilt:
            def write(self, text): raise SystemExit(0)
            def flush(self): raise RuntimeError("no")
        def main():
            {spoilt}
            raise ValueError("the real reason")
    """
    outcome = (await jobs.run(source)).outcome

    assert outcome.ended is Ended.RAISED
    assert outcome.error.endswith("ValueError: the real reason")


async def test_a_line_is_logged_past_a_standard_output_that_fails(jobs: Jobs) -> None:
    source = """
        import sys
        from helper import LS
        class Spoilt:
            def write(self, text): raise RuntimeError("no")
            flush = write
        def main():
            sys.stdout = Spoilt()
            LS.log.info("seen")
    """
    ran = await jobs.run(source)

    assert (ran.outcome.ended, ran.texts[0]) == (Ended.RETURNED, "seen")


@pytest.mark.parametrize(
    "value",
    ["Spoilt(a=1)", "float('nan')", "10 ** 50_000", "nested(100)", "nested(100_000)"],
)
async def test_nothing_that_main_returns_makes_a_failure(jobs: Jobs, value: str) -> None:
    source = f"""
        import sys
        class Spoilt(dict):
            def items(self): raise ZeroDivisionError
        def nested(depth):
            value = []
            for _ in range(depth): value = [value]
            return value
        def main():
            sys.set_int_max_str_digits(0)
            return {value}
    """
    outcome = (await jobs.run(source)).outcome

    assert outcome.ended is Ended.RETURNED


async def test_code_that_closes_what_is_not_its_own_reads_why_nobody_knows(jobs: Jobs) -> None:
    source = """
        import os
        def main(): os.closerange(3, 64)
    """
    outcome = (await jobs.run(source)).outcome

    assert outcome.ended is Ended.RAISED
    assert outcome.error.endswith("or it closed a descriptor that is not its own.")
