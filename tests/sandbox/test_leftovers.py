"""What is kept of `$OUTPUT_DIR`, and what is refused by name."""

from pathlib import Path

from tests.sandbox.running import Jobs
from workers.sandbox.outcome import Ended, LeftFile


async def test_files_are_kept_with_their_content(jobs: Jobs, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    source = """
        import os
        def main():
            os.chdir(os.environ["OUTPUT_DIR"])
            os.makedirs("by/day")
            open("rows.csv", "w").write("a,b\\n1,2\\n")
            open("by/day/müßig.txt", "w").write("x" * 100_000)
            os.mkdir("empty")
    """
    outcome = (await jobs.run(source, keep_output_in=kept)).outcome

    assert outcome.files == (LeftFile("by/day/müßig.txt", 100_000), LeftFile("rows.csv", 8))
    assert outcome.refused == ()
    assert (kept / "rows.csv").read_text() == "a,b\n1,2\n"
    assert (kept / "by/day/müßig.txt").read_text() == "x" * 100_000


async def test_what_is_no_file_is_refused_by_name(jobs: Jobs, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    source = """
        import os, socket
        def main():
            os.chdir(os.environ["OUTPUT_DIR"])
            os.symlink("/etc/shadow", "shadow"); os.symlink("/", "root")
            os.symlink("no", "dangling")
            os.mkfifo("pipe"); socket.socket(socket.AF_UNIX).bind("socket")
            open("evil\\nname", "w").close(); open(b"\\xff", "w").close()
            open("../work/elsewhere", "w").write("x")
            open("good", "w").write("1")
            deep = "d"
            for _ in range(10): os.mkdir(deep); deep += "/d"
            open("locked", "w").write("mine"); os.chmod("locked", 0)
            os.mkdir("shut"); open("shut/in", "w").close(); os.chmod("shut", 0)
            try: os.chmod(".", 0)
            except PermissionError: pass
    """
    outcome = (await jobs.run(source, keep_output_in=kept)).outcome

    assert outcome.ended is Ended.RETURNED
    reasons = {refused.name: refused.reason for refused in outcome.refused}
    assert reasons["shadow"] == reasons["root"] == reasons["dangling"] == "it is a link"
    assert (reasons["pipe"], reasons["socket"]) == ("it is a pipe", "it is a socket")
    assert reasons["evil\N{REPLACEMENT CHARACTER}name"] == (
        "its name has characters that cannot be shown"
    )
    assert "more than 8 directories deep" in reasons.values()
    assert LeftFile("good", 1) in outcome.files
    assert {path.name for path in kept.rglob("*") if path.is_file()} <= {"good", "in", "locked"}
    # Root reads what was closed; an ordinary user may not, and says so.
    assert {reasons.get(name, "it cannot be read") for name in ("locked", "shut")} == {
        "it cannot be read"
    }
    assert f"{len(reasons)} of the files left behind are not kept." in outcome.warnings


async def test_a_file_of_holes_is_as_large_as_it_says(jobs: Jobs, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    source = """
        import os
        def main():
            os.chdir(os.environ["OUTPUT_DIR"])
            for name in "abc": open(name, "wb").truncate(3 * 2**20)
            os.link("a", "again")
    """
    outcome = (await jobs.run(source, keep_output_in=kept)).outcome

    assert [file.name for file in outcome.files] == ["a"]
    assert {r.name: r.reason for r in outcome.refused} == dict.fromkeys(
        ["again", "b", "c"], "all files together have more than 4 MiB"
    )
    assert sum(path.stat().st_size for path in kept.iterdir()) == 3 * 2**20


async def test_files_are_kept_of_a_run_that_was_killed(jobs: Jobs) -> None:
    source = """
        import os
        def main():
            open(os.environ["OUTPUT_DIR"] + "/half", "w").write("rows")
            os.kill(os.getpid(), 9)
    """
    outcome = (await jobs.run(source)).outcome

    assert (outcome.ended, outcome.files) == (Ended.KILLED, (LeftFile("half", 4),))
