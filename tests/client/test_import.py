"""`penstock import` when nothing goes wrong on the way: what is sent, said, and returned."""

from hashlib import sha256
from pathlib import Path

import pytest

from app.client.order import format_of
from tests.client.commands import penstock
from tests.client.service import Json, Says, Service

COUNTS: Json = {
    "total": 20_001, "processed": 20_001, "succeeded": 19_990, "failed": 6, "skipped": 5,
    "unprocessed": 0, "created": 19_000, "updated": 990,
    "started_at": "2026-01-01T00:00:00Z", "finished_at": "2026-01-01T00:00:10Z",
}  # fmt: skip


def test_a_file_arrives_as_it_is_and_its_import_is_awaited(
    service: Service, large: Path, tmp_path: Path
) -> None:
    service.ends = [
        {"state": "queued"},
        {
            "state": "running", "total": 10, "processed": 4,
            "progress": {"phase": "resolving", "rows_per_second": 2, "remaining_seconds": 3},
        },
        {**COUNTS, "state": "succeeded", "failed": 0},
    ]  # fmt: skip

    ended = penstock("import", str(large), "--campaign", "c", url=service.url, cwd=tmp_path)

    content = large.read_bytes()
    assert ended.returncode == 0, ended.stderr
    assert service.upload.content == content
    assert service.upload.order == {
        "object": "responses", "operation": "upsert", "campaign": "c",
        "format": {"type": "csv"}, "on_error": "continue", "sha256": sha256(content).hexdigest(),
    }  # fmt: skip
    assert "resolving: 4 of 10 rows, 2 rows/s, 0:00:03 left" in ended.stdout
    assert service.counted("PUT") == 3
    assert service.counted("PATCH") == 1


def test_failed_rows_are_counted_saved_and_make_the_status_3(
    service: Service, small: Path, tmp_path: Path
) -> None:
    service.ends = [{**COUNTS, "state": "succeeded_with_warnings"}]
    service.failed_rows = b"email,error\r\nada,not an address\r\n"

    ended = penstock("import", str(small), "--failed", "failed.csv", url=service.url, cwd=tmp_path)

    assert ended.returncode == 3
    said = [line.split() for line in ended.stdout.splitlines()]
    assert ["total", "20,001"] in said
    assert ["succeeded", "19,990", "(19,000", "created,", "990", "updated)"] in said
    assert ["skipped", "5"] in said
    assert ["failed", "6"] in said
    assert ["unprocessed", "0"] in said
    assert "10.0 s, 2,000 rows/s" in ended.stdout
    assert f"{service.url}/v1/uploads/{service.upload.id}/failed" in ended.stdout
    assert (tmp_path / "failed.csv").read_bytes() == service.failed_rows


def test_a_failed_import_makes_the_status_1(service: Service, small: Path, tmp_path: Path) -> None:
    service.ends = [{"state": "failed", "error": {"code": "unknown_column", "detail": "Column 3."}}]

    ended = penstock("import", str(small), url=service.url, cwd=tmp_path)

    assert ended.returncode == 1
    assert "unknown_column: Column 3." in ended.stdout


def test_a_refusal_names_the_wrong_places(service: Service, small: Path, tmp_path: Path) -> None:
    wrong = {"pointer": "/campaign", "code": "not_there", "detail": "is no campaign"}
    service.says["POST"] = [Says(422, "validation_failed", errors=[wrong])]

    ended = penstock("import", str(small), "--campaign", "x", url=service.url, cwd=tmp_path)

    assert ended.returncode == 1
    assert ended.stderr.splitlines() == [
        "validation_failed: About validation_failed.",
        "  /campaign  not_there: is no campaign",
    ]


def test_standard_input_is_a_file_too(service: Service, small: Path, tmp_path: Path) -> None:
    with small.open() as pipe:
        ended = penstock(
            "import", "-", "--format", "ndjson", "--object", "people", "--no-wait",
            url=service.url, cwd=tmp_path, stdin=pipe,
        )  # fmt: skip

    assert ended.returncode == 0
    assert service.upload.content == small.read_bytes()
    assert service.upload.order["object"] == "people"
    assert service.upload.order["format"] == {"type": "ndjson"}
    assert ended.stdout == f"run {service.upload.run_id}\n"
    assert not any(path.startswith("/v1/runs") for _, path in service.seen)


def test_every_option_of_the_order_is_sent(service: Service, small: Path, tmp_path: Path) -> None:
    ended = penstock(
        "import", str(small), "--operation", "insert", "--map", "E=mail=email", "--map", "Junk=",
        "--delimiter", ";", "--encoding", "latin-1", "--expected-rows", "2", "--stop-after", "7",
        url=service.url, cwd=tmp_path,
    )  # fmt: skip

    assert ended.returncode == 0
    order = service.upload.order
    assert order["operation"] == "insert"
    assert order["mapping"] == {"E=mail": "email", "Junk": None}
    assert order["format"] == {"type": "csv", "delimiter": "semicolon", "encoding": "latin-1"}
    assert order["expected_rows"] == 2
    assert order["on_error"] == {"stop_after": 7}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere.csv"], "nowhere.csv cannot be read"),
        (["small.csv", "--map", "email"], "--map email"),
        (["small.csv", "--delimiter", "x"], "--delimiter x"),
        (["small.csv", "--failed", "no/such/place.csv"], "no such directory"),
        (["small.csv", "--url", "localhost"], "--url localhost"),
        (["small.csv", "--give-up-after", "soon"], "PT5M"),
    ],
)
def test_wrong_usage_makes_the_status_2(
    service: Service, small: Path, tmp_path: Path, words: list[str], said: str
) -> None:
    ended = penstock("import", *words, url=service.url, cwd=tmp_path)

    assert ended.returncode == 2
    assert said in ended.stderr
    assert service.seen == []


def test_without_a_key_and_without_a_stack_nothing_is_sent(
    service: Service, small: Path, tmp_path: Path
) -> None:
    ended = penstock("import", str(small), url=service.url, cwd=tmp_path, key=None)

    assert ended.returncode == 2
    assert "PENSTOCK_KEY" in ended.stderr
    assert service.seen == []
    assert not (tmp_path / ".penstock").exists()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("people.CSV.gz", {"type": "csv"}),
        ("people.tsv", {"type": "csv", "delimiter": "tab"}),
        ("people.jsonl", {"type": "ndjson"}),
        ("people", {}),
    ],
)
def test_a_name_tells_the_format(name: str, expected: Json) -> None:
    assert format_of(name) == expected
