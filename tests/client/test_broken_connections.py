"""`penstock import` and `penstock runs watch` when the API goes away in the middle, and returns."""

import re
import threading
from pathlib import Path

import pytest

from tests.client.commands import penstock, started
from tests.client.conftest import MEGABYTE
from tests.client.service import Says, Service
from tests.faults.processes import PATIENCE_SECONDS

PIECE = 16 * MEGABYTE


def test_an_upload_goes_on_where_the_connection_broke(
    service: Service, large: Path, tmp_path: Path
) -> None:
    service.cut_at = [5 * MEGABYTE, 20 * MEGABYTE, 40 * MEGABYTE]

    ended = penstock("import", str(large), url=service.url, cwd=tmp_path)

    assert ended.returncode == 0, ended.stderr
    assert service.upload.content == large.read_bytes()
    first, second, third, fourth = service.offsets
    assert first == 0
    assert 5 * MEGABYTE <= second < PIECE
    assert 20 * MEGABYTE <= third < second + PIECE
    assert fourth == third + PIECE
    assert service.counted("HEAD") == 3
    assert service.counted("PATCH") == 1
    assert "The connection broke" in ended.stdout
    assert "Going on after" in ended.stdout


def test_an_upload_outlives_a_restart_of_the_api(
    service: Service, large: Path, tmp_path: Path
) -> None:
    service.cut_at = [5 * MEGABYTE]
    service.says["HEAD"] = [Says(None, last=True)]
    process = started("import", str(large), url=service.url, cwd=tmp_path)
    assert service.is_down.wait(PATIENCE_SECONDS)
    threading.Event().wait(1)
    service.up()

    said, _ = process.communicate(timeout=PATIENCE_SECONDS)

    assert process.returncode == 0
    assert service.upload.content == large.read_bytes()
    assert len(service.uploads) == 1
    assert said.count("trying again") == 1


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "GET"])
@pytest.mark.parametrize("status", [502, 503, 504])
def test_an_api_that_is_not_available_is_asked_again(
    service: Service, small: Path, tmp_path: Path, method: str, status: int
) -> None:
    service.says[method] = [Says(status, headers={"Retry-After": "0"})]

    ended = penstock("import", str(small), url=service.url, cwd=tmp_path)

    assert ended.returncode == 0
    assert service.upload.content == small.read_bytes()
    assert "The API is not available" in ended.stdout


def test_an_upload_whose_answer_was_lost_is_not_made_twice(
    service: Service, small: Path, tmp_path: Path
) -> None:
    service.says["POST"] = [Says(None, after=True)]

    ended = penstock("import", str(small), url=service.url, cwd=tmp_path)

    assert ended.returncode == 0
    assert service.counted("POST") == 2
    assert len(service.uploads) == 1


@pytest.mark.parametrize("code", ["wrong_offset", "other_writer"])
def test_a_conflict_about_the_place_is_answered_by_asking_for_it(
    service: Service, small: Path, tmp_path: Path, code: str
) -> None:
    service.says["PUT"] = [Says(409, code, headers={"Upload-Offset": "5"})]

    ended = penstock("import", str(small), url=service.url, cwd=tmp_path)

    assert ended.returncode == 0
    assert service.counted("HEAD") == 1
    assert service.upload.content == small.read_bytes()


@pytest.mark.parametrize("lost", [Says(None, after=True), Says(504, after=True)])
def test_an_import_whose_start_was_not_answered_is_not_started_twice(
    service: Service, small: Path, tmp_path: Path, lost: Says
) -> None:
    service.says["PATCH"] = [lost]

    ended = penstock("import", str(small), url=service.url, cwd=tmp_path)

    assert ended.returncode == 0
    assert service.counted("PATCH") == 1
    assert len(service.runs) == 1


def test_an_import_that_did_not_start_is_started_again_after_a_look(
    service: Service, small: Path, tmp_path: Path
) -> None:
    service.says["PATCH"] = [Says(None)]

    ended = penstock("import", str(small), url=service.url, cwd=tmp_path)

    assert ended.returncode == 0
    looks = [method for method, path in service.seen if path == f"/v1/uploads/{service.upload.id}"]
    assert looks == ["PATCH", "GET", "PATCH"]


def test_a_conflict_with_a_twin_that_started_it_is_no_error(
    service: Service, small: Path, tmp_path: Path
) -> None:
    service.says["PATCH"] = [Says(409, "upload_not_open", after=True)]

    ended = penstock("import", str(small), url=service.url, cwd=tmp_path)

    assert ended.returncode == 0
    assert len(service.runs) == 1


def test_an_import_waits_for_its_turn_however_long(
    service: Service, small: Path, tmp_path: Path
) -> None:
    busy = Says(429, "too_many_imports", headers={"Retry-After": "1"})
    service.says["PATCH"] = [busy, busy, busy]

    ended = penstock("import", str(small), "--give-up-after", "PT1S", url=service.url, cwd=tmp_path)

    assert ended.returncode == 0
    assert service.counted("PATCH") == 4
    assert ended.stdout.count("too_many_imports: ") == 1


def test_a_silence_that_does_not_end_ends_the_command(
    service: Service, large: Path, tmp_path: Path
) -> None:
    service.says["PUT"] = [Says(503)] * 100

    ended = penstock("import", str(large), "--give-up-after", "PT2S", url=service.url, cwd=tmp_path)

    assert ended.returncode == 1
    assert "Gave up: for 2 s" in ended.stderr
    assert f"penstock import {large} --resume {service.upload.id}" in ended.stderr
    assert service.counted("PATCH") == 0


def test_a_full_disk_can_be_gone_on_from(service: Service, small: Path, tmp_path: Path) -> None:
    service.says["PUT"] = [Says(507, "storage_full")]

    ended = penstock("import", str(small), url=service.url, cwd=tmp_path)

    assert ended.returncode == 1
    assert "storage_full" in ended.stderr
    assert f"--resume {service.upload.id}" in ended.stderr


def test_a_run_is_watched_over_a_restart_of_the_api(service: Service, tmp_path: Path) -> None:
    run = {"id": "0190f000-0000-7000-8000-000000000001", "kind": "import"}
    service.runs[run["id"]] = [{**run, "state": "running"}]
    service.says["GET"] = [Says(503), Says(None)]
    process = started("runs", "watch", run["id"], url=service.url, cwd=tmp_path)
    while service.counted("GET") < 3:
        threading.Event().wait(0.02)
    service.says["GET"] = [Says(None, last=True)]
    assert service.is_down.wait(PATIENCE_SECONDS)
    threading.Event().wait(0.7)
    service.runs[run["id"]] = [{**run, "state": "succeeded"}]
    service.up()

    said, _ = process.communicate(timeout=PATIENCE_SECONDS)

    assert process.returncode == 0
    assert said.count("trying again") == 2
    assert re.search(r"import .*: succeeded$", said, re.MULTILINE)
