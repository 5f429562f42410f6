"""Ctrl-C in the middle of `penstock import`, and going on afterwards."""

import shlex
import signal
from pathlib import Path

from tests.client.commands import penstock, started
from tests.client.conftest import MEGABYTE
from tests.client.service import Service
from tests.faults.processes import PATIENCE_SECONDS


def test_an_interrupted_upload_goes_on_as_it_was_told(
    service: Service, large: Path, tmp_path: Path
) -> None:
    service.hold_at = 9 * MEGABYTE
    process = started("import", str(large), url=service.url, cwd=tmp_path)
    assert service.holds.wait(PATIENCE_SECONDS)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=PATIENCE_SECONDS)
    service.hold_at = None
    kept = len(service.upload.content)

    words = shlex.split(said.strip().rpartition("penstock ")[2])
    ended = penstock(*words, url=service.url, cwd=tmp_path)

    assert process.returncode == 130
    assert ended.returncode == 0, ended.stderr
    assert service.offsets[:2] == [0, kept]
    assert service.upload.content == large.read_bytes()


def test_an_interrupted_wait_leaves_the_import_alone(
    service: Service, small: Path, tmp_path: Path
) -> None:
    service.ends = [{"state": "running"}]
    process = started("import", str(small), url=service.url, cwd=tmp_path)
    assert process.stdout
    assert process.stdout.readline() == "running\n"
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=PATIENCE_SECONDS)

    assert process.returncode == 130
    assert said == f"The import goes on: penstock runs watch {service.upload.run_id}\n"
    assert service.counted("PATCH") == 1


def test_another_file_does_not_continue_an_upload(
    service: Service, small: Path, tmp_path: Path
) -> None:
    begun = service.opened({"sha256": "0" * 64}, "once")

    ended = penstock("import", str(small), "--resume", begun.id, url=service.url, cwd=tmp_path)

    assert ended.returncode == 1
    assert "SHA-256" in ended.stderr
    assert service.offsets == []


def test_an_upload_that_was_started_is_only_watched(
    service: Service, small: Path, tmp_path: Path
) -> None:
    assert penstock("import", str(small), url=service.url, cwd=tmp_path).returncode == 0

    ended = penstock(
        "import", str(small), "--resume", service.upload.id, url=service.url, cwd=tmp_path
    )

    assert ended.returncode == 0
    assert service.counted("PATCH") == 1
    assert len(service.offsets) == 1


def test_an_aborted_upload_does_not_go_on(service: Service, small: Path, tmp_path: Path) -> None:
    begun = service.opened({}, "once")
    begun.state = "Aborted"

    ended = penstock("import", str(small), "--resume", begun.id, url=service.url, cwd=tmp_path)

    assert ended.returncode == 1
    assert f"{begun.id} is Aborted" in ended.stderr
