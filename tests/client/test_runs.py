"""`penstock runs list` and `penstock runs watch`."""

import json
from pathlib import Path

import pytest

from tests.client.commands import penstock
from tests.client.service import Json, Service

RUN = "0190f000-0000-7000-8000-00000000000"


def a_run(number: int, **facts: object) -> Json:
    return {"id": f"{RUN}{number}", "kind": "import", "state": "succeeded", **facts}


def test_runs_are_a_table(service: Service, tmp_path: Path) -> None:
    service.listed = [a_run(1, total=20_001, failed=6), a_run(2, kind="scoring"), a_run(3)]

    ended = penstock("runs", "list", url=service.url, cwd=tmp_path)

    lines = ended.stdout.splitlines()
    assert ended.returncode == 0
    assert lines[0].split()[:3] == ["run", "kind", "state"]
    assert lines[1].split() == [f"{RUN}1", "import", "succeeded", "20,001", "6"]
    assert [line.split()[0] for line in lines[1:]] == [f"{RUN}{n}" for n in (1, 2, 3)]


def test_runs_are_asked_for_as_told_and_shown_as_they_came(
    service: Service, tmp_path: Path
) -> None:
    service.listed = [a_run(1, details={"chunks": 2}), a_run(2), a_run(3)]

    ended = penstock(
        "runs", "list", "--kind", "import", "--state", "succeeded", "--limit", "2", "--json",
        url=service.url, cwd=tmp_path,
    )  # fmt: skip

    assert json.loads(ended.stdout) == service.listed[:2]
    assert service.queries == ["kind=import&state=succeeded&limit=2"]


@pytest.mark.parametrize(
    ("end", "status"),
    [
        ({"state": "succeeded"}, 0),
        ({"state": "succeeded_with_warnings", "skipped": 4}, 0),
        ({"state": "succeeded", "failed": 1}, 3),
        ({"state": "succeeded_with_warnings", "unprocessed": 1}, 3),
        ({"state": "failed"}, 1),
        ({"state": "cancelled", "failed": 1}, 1),
    ],
)
def test_how_a_run_ended_is_the_exit_status(
    service: Service, tmp_path: Path, end: Json, status: int
) -> None:
    service.runs[f"{RUN}1"] = [a_run(1, state="running"), a_run(1, **end)]

    ended = penstock("runs", "watch", f"{RUN}1", url=service.url, cwd=tmp_path)

    assert ended.returncode == status


def test_a_key_that_is_none_is_told_so(service: Service, tmp_path: Path) -> None:
    ended = penstock("runs", "list", url=service.url, cwd=tmp_path, key="pk_other")

    assert ended.returncode == 1
    assert ended.stderr == "key_invalid: About key_invalid.\n"


def test_another_server_at_the_address_is_noticed(service: Service, tmp_path: Path) -> None:
    service.runs[f"{RUN}1"] = [{"hello": "world"}]

    ended = penstock("runs", "watch", f"{RUN}1", url=service.url, cwd=tmp_path)

    assert ended.returncode == 1
    assert "Is it the right address?" in ended.stderr
