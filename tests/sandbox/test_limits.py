"""Code that takes all it can get: it is stopped, told why, and the machine does not notice."""

from dataclasses import replace

import pytest

from tests.sandbox.running import SMALL, Jobs
from workers.sandbox.lines import Level
from workers.sandbox.order import MIB
from workers.sandbox.outcome import Ended, Limit


async def test_a_fork_bomb_comes_to_nothing(jobs: Jobs) -> None:
    source = """
        import os, time
        def main():
            while True:
                os.fork()
    """
    outcome = (await jobs.run(source, seconds=2)).outcome

    assert outcome.ended in (Ended.RAISED, Ended.TIMEOUT, Ended.KILLED)
    if outcome.ended is Ended.RAISED:
        assert outcome.limit is Limit.PROCESSES


async def test_processes_and_threads_are_counted(jobs: Jobs) -> None:
    source = """
        import threading, time
        def main():
            for number in range(100):
                threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    """
    outcome = (await jobs.run(source)).outcome

    assert (outcome.ended, outcome.limit) == (Ended.RAISED, Limit.PROCESSES)


@pytest.mark.parametrize("size", ["8 * 2**30", "200 * 2**20"])
async def test_too_much_memory_is_refused_to_one_process(jobs: Jobs, size: str) -> None:
    outcome = (await jobs.run(f"def main(): return len(bytearray({size}))")).outcome

    assert (outcome.ended, outcome.limit) == (Ended.RAISED, Limit.MEMORY)


async def test_many_processes_have_no_more_than_one(jobs: Jobs) -> None:
    source = """
        import os, time
        def main():
            for number in range(8):
                if os.fork() == 0:
                    held = bytearray(b"x") * (60 * 2**20)
                    time.sleep(60)
            time.sleep(60)
    """
    outcome = (await jobs.run(source)).outcome

    assert (outcome.ended, outcome.limit) == (Ended.KILLED, Limit.MEMORY)


async def test_shared_memory_counts_too(jobs: Jobs) -> None:
    source = """
        import mmap, time
        def main():
            held = [mmap.mmap(-1, 100 * 2**20) for _ in range(3)]
            for each in held:
                for place in range(0, len(each), 4096): each[place] = 1
            time.sleep(60)
    """
    outcome = (await jobs.run(source)).outcome

    assert (outcome.ended, outcome.limit) == (Ended.KILLED, Limit.MEMORY)


async def test_forks_that_share_their_memory_are_not_counted_twice(jobs: Jobs) -> None:
    source = """
        import os, time
        def main():
            held = bytearray(b"x") * (60 * 2**20)
            children = []
            for _ in range(4):
                if (child := os.fork()) == 0:
                    time.sleep(0.8)
                    os._exit(0)
                children.append(child)
            for child in children: os.waitpid(child, 0)
            return "shared"
    """
    assert await jobs.value(source) == "shared"


@pytest.mark.parametrize(
    ("place", "most"),
    [("/tmp", 8), ("/dev/shm", 8), (".", 8), ("/job/output", 4), ("/var/tmp", 0), ("/dev", 0)],
)
async def test_every_place_has_a_size(jobs: Jobs, place: str, most: int) -> None:
    source = f"""
        def main():
            written = 0
            try:
                for number in range(64):
                    with open(f"{place}/{{number}}", "wb") as file:
                        written += file.write(b"x" * 2**20)
            except OSError as error:
                return [written >> 20, type(error).__name__]
    """
    written, error = await jobs.value(source)

    assert written <= most
    assert error == ("OSError" if most else error)


async def test_the_place_that_was_full_is_told(jobs: Jobs) -> None:
    source = "def main(): open('/tmp/x', 'wb').write(b'x' * (12 * 2**20))"
    outcome = (await jobs.run(source)).outcome

    assert (outcome.ended, outcome.limit) == (Ended.RAISED, Limit.SPACE)


async def test_a_file_has_a_size(jobs: Jobs) -> None:
    limits = replace(SMALL, file_bytes=MIB)
    source = "def main(): open('/tmp/x', 'wb').truncate(2 * 2**20)"
    outcome = (await jobs.run(source, limits=limits)).outcome

    assert (outcome.ended, outcome.limit) == (Ended.RAISED, Limit.FILE_SIZE)


async def test_empty_files_are_counted(jobs: Jobs) -> None:
    source = """
        import time
        def main():
            for number in range(2_500): open(f"/tmp/{number}", "w").close()
            time.sleep(60)
    """
    outcome = (await jobs.run(source)).outcome

    assert (outcome.ended, outcome.limit) == (Ended.KILLED, Limit.FILES)


async def test_open_files_are_counted(jobs: Jobs) -> None:
    source = "def main(): held = [open('/dev/null') for _ in range(1_000)]"
    outcome = (await jobs.run(source)).outcome

    assert (outcome.ended, outcome.limit) == (Ended.RAISED, Limit.OPEN_FILES)


async def test_endless_output_is_cut_once_and_blocks_nobody(jobs: Jobs) -> None:
    source = """
        import os
        def main():
            line = b"x" * 99 + b"\\n"
            for _ in range(100): os.write(1, line * 20_000)
            return "through"
    """
    ran = await jobs.run(source)

    assert (ran.outcome.ended, ran.outcome.value) == (Ended.RETURNED, "through")
    assert sum(map(len, ran.texts)) <= SMALL.log_bytes
    assert ran.at(Level.WARN) == ["The log ends here: a run's log holds 1 MiB at most."]
    assert ran.texts[-1] == ran.at(Level.WARN)[0]
    assert "The log is cut short." in ran.outcome.warnings


async def test_endless_output_ends_at_the_deadline(jobs: Jobs) -> None:
    source = "def main():\n    while True: print('', flush=False)"
    ran = await jobs.run(source, seconds=1)

    assert ran.outcome.ended is Ended.TIMEOUT
    assert len(ran.lines) < 20_000


async def test_one_line_of_a_hundred_megabytes_is_cut(jobs: Jobs) -> None:
    source = """
        import os
        def main():
            for _ in range(100): os.write(1, b"x" * 2**20)
            print(); print("and on")
    """
    ran = await jobs.run(source)

    assert ran.texts[0] == "x" * SMALL.line_bytes + " … (cut)"
    assert ran.texts[1:] == ["and on"]


async def test_junk_is_shown_as_far_as_it_can_be(jobs: Jobs) -> None:
    source = r"""
        import os
        def main():
            os.write(1, b"\x00a\xff\xfe\xc3\n" + bytes(range(256)) + b"\nlast")
            os.write(2, b"\x1e{\"level\": \"nonsense\"}\n")
    """
    ran = await jobs.run(source)

    assert ran.texts[0] == "a\N{REPLACEMENT CHARACTER}" + "\N{REPLACEMENT CHARACTER}" * 2
    assert ran.at(Level.INFO)[-1] == "last"
    assert "\0" not in "".join(ran.texts)
    assert ran.at(Level.ERROR) == ['\x1e{"level": "nonsense"}']
