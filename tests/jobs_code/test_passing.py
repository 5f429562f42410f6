"""Folders of processes that died are deleted, those of living ones and of others are not."""

import os
import time
from datetime import timedelta
from pathlib import Path

from app.jobs.code.passing import folder_for


def aged(path: Path, hours: float) -> Path:
    then = time.time() - hours * 3_600
    os.utime(path, (then, then))
    return path


def test_what_was_left_long_ago_goes(tmp_path: Path) -> None:
    place = tmp_path / "place"
    for name in ("run-old", "run-new", "other-old"):
        (place / name / "deep").mkdir(parents=True)
    (place / "run-file").write_text("x")
    (place / "run-link").symlink_to(tmp_path / "elsewhere")
    for name in ("run-old", "other-old", "run-file"):
        aged(place / name, 25)
    aged(place / "run-new", 23)

    with folder_for("run-", longest=timedelta(days=1), place=place) as mine:
        left = {path.name for path in place.iterdir()}

    assert left == {"run-new", "run-file", "run-link", "other-old", Path(mine).name}
    assert not Path(mine).exists()
