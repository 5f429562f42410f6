"""A million rows, by HTTP and real workers: sent in two parts, aborted, retried, accounted for."""

import csv
import hashlib
from collections.abc import AsyncIterator, Iterator

import httpx

from tests.faults.checker import settled
from tests.faults.ground import Stand
from tests.faults.ledger import Json
from tests.faults.processes import until

ROWS = 1_000_000
CAMPAIGNS = [f"c{number}" for number in range(20)]
PEOPLE = 60_000
BLOCK_ROWS = 10_000
# Of each thousand rows one names a campaign that nobody has made yet, and one nobody.
LATER, NOBODY = 33, 66
HALF = ROWS * 20  # bytes, of some 39 a row
# The other tests of the suite have half of the machine.
LONG_SECONDS = 800.0
FILES = ("successful", "failed", "unprocessed")
ENDED = ("succeeded", "succeeded_with_warnings", "failed", "cancelled")


def a_line(number: int) -> str:
    campaign = "later" if number % 1000 == LATER else CAMPAIGNS[number % 20]
    email = "nobody" if number % 1000 == NOBODY else f"p{number * 7919 % PEOPLE}@example.com"
    return f"e{number},{campaign},{email}\n"


def blocks() -> Iterator[bytes]:
    yield b"external_id,campaign,email\n"
    for start in range(0, ROWS, BLOCK_ROWS):
        yield "".join(map(a_line, range(start, start + BLOCK_ROWS))).encode()


async def part(start: int, end: int | None = None) -> AsyncIterator[bytes]:
    """The file's bytes from one offset to another."""
    at = 0
    for block in blocks():
        yield block[max(0, start - at) : None if end is None else max(0, end - at)]
        at += len(block)


async def send(http: httpx.AsyncClient) -> Json:
    """An upload whose content came in two parts; its import is queued."""
    whole = hashlib.sha256()
    for block in blocks():
        whole.update(block)
    order = {"object": "responses", "expected_rows": ROWS, "sha256": whole.hexdigest()}
    opened = await http.post("/v1/uploads", json=order)
    place = opened.headers["Location"]
    await http.put(f"{place}/content", content=part(0, HALF))
    offset = (await http.head(f"{place}/content")).headers["Upload-Offset"]
    assert offset == str(HALF)
    rest = part(HALF)
    sent = await http.put(f"{place}/content", content=rest, headers={"Upload-Offset": offset})
    assert sent.status_code == 204, sent.text
    done = await http.patch(place, json={"state": "UploadComplete"})
    assert done.status_code == 202, done.text
    upload: Json = done.json()
    return upload


async def the_run(http: httpx.AsyncClient, upload: Json) -> Json:
    run: Json = (await http.get(f"/v1/runs/{upload['run_id']}")).json()
    return run


async def ended(http: httpx.AsyncClient, upload: Json) -> Json:
    async def is_over() -> bool:
        return (await the_run(http, upload))["state"] in ENDED

    await until(is_over, seconds=LONG_SECONDS)
    return await the_run(http, upload)


async def rows_in(http: httpx.AsyncClient, upload: Json, which: str) -> list[int]:
    """The numbers of the rows in one of the three files."""
    place = f"/v1/uploads/{upload['id']}/{which}?raw=true"
    async with http.stream("GET", place, timeout=LONG_SECONDS) as answer:
        assert answer.status_code == 200
        lines = [line async for line in answer.aiter_lines()]
    rows = csv.reader(lines)
    at = next(rows).index("external_id")
    return [int(row[at].removeprefix("e")) for row in rows]


def counts_of(run: Json) -> list[int]:
    return [run[name] for name in ("total", "succeeded", "failed", "skipped", "unprocessed")]


def of_each_thousand(numbers: list[int], *places: int) -> list[int]:
    return [number for number in numbers if number % 1000 in places]


async def test_each_of_a_million_rows_is_in_one_of_the_three_files_and_retried_if_it_should_be(
    stand: Stand,
) -> None:
    http = stand.http
    for code in CAMPAIGNS:
        await http.post("/v1/campaigns", json={"code": code, "name": code})
    upload = await send(http)
    for _ in range(2):
        await stand.processes.worker()

    async def is_a_tenth_done() -> bool:
        return int((await the_run(http, upload))["processed"] or 0) > ROWS // 10

    await until(is_a_tenth_done)
    aborted = await http.patch(f"/v1/uploads/{upload['id']}", json={"state": "Aborted"})
    assert aborted.status_code == 200, aborted.text
    run = await ended(http, upload)

    good, bad, left = [await rows_in(http, upload, which) for which in FILES]
    assert sorted([*good, *bad, *left]) == list(range(ROWS))
    assert counts_of(run) == [ROWS, len(good), len(bad), 0, len(left)]
    assert ROWS // 10 < len(good) + len(bad) < ROWS
    assert sorted(bad) == sorted(of_each_thousand([*good, *bad], LATER, NOBODY))

    await http.post("/v1/campaigns", json={"code": "later", "name": "made meanwhile"})
    again = await http.post(f"/v1/runs/{run['id']}/retry-failed")
    assert again.status_code == 202, again.text
    child = {"id": again.json()["upload_id"], "run_id": again.json()["id"]}
    retried = await ended(http, child)

    mended, worse, none = [await rows_in(http, child, which) for which in FILES]
    assert sorted([*mended, *worse]) == sorted([*bad, *left])
    assert sorted(worse) == of_each_thousand(sorted([*bad, *left]), NOBODY)
    whole = len(bad) + len(left)
    assert (none, counts_of(retried)) == ([], [whole, len(mended), len(worse), 0, 0])

    await settled(stand.database_url)
    assert await stand.count("SELECT count(*) FROM responses") == ROWS - ROWS // 1000
    assert await stand.count("SELECT count(DISTINCT external_id) FROM intake_keys") == (
        ROWS - ROWS // 1000
    )
