"""Every limit of a new account's plan: the last that it allows, and the first that it refuses."""

import io
import zipfile
from datetime import timedelta

import pytest

from tests.calendar.conftest import MakeCustomer
from tests.calendar.installation import DAY, HOUR, MINUTE, SECOND, Customer, Installation, Json
from tests.code_runs.making import SAYS_HELLO

ZIP_BYTES = 4_194_304


async def test_five_jobs_and_no_sixth(customer: Customer) -> None:
    jobs = [await customer.job(f"job-{number}") for number in range(5)]
    told = {"name": "job-5", "kind": "export", "config": {"object": "people"}}
    sixth = await customer.refused("POST", "/jobs", json=told)
    await customer.ask("DELETE", f"/jobs/{jobs[0]['id']}", status=204)
    again = await customer.job("job-5")

    assert sixth == (409, "too_many_jobs")
    assert again["name"] == "job-5"


@pytest.mark.parametrize(
    ("minimum", "length", "is_allowed"),
    [
        (60, "PT59M59S", False),
        (60, "PT1H", True),
        (15, "PT14M59S", False),
        (15, "PT15M", True),
    ],
)
async def test_the_minimum_gap_is_inclusive(
    make_customer: MakeCustomer, minimum: int, length: str, *, is_allowed: bool
) -> None:
    customer = await make_customer(minimum_gap_minutes=minimum)
    schedule = {"type": "interval", "every": length}
    told = {"name": "nightly", "kind": "export", "config": {"object": "people"}}
    answer = await customer.http.post("/v1/jobs", json=told | {"schedule": schedule})

    expected = (201, None) if is_allowed else (422, "gap_too_small")
    assert (answer.status_code, answer.json().get("code")) == expected


async def test_1_00_then_2_00_is_allowed_and_1_59_is_not(customer: Customer) -> None:
    told = {"name": "nightly", "kind": "export", "config": {"object": "people"}}
    daily = {"type": "daily", "at": ["01:00", "01:59"]}
    refused = await customer.refused("POST", "/jobs", json=told | {"schedule": daily})
    job = await customer.job(schedule=daily | {"at": ["01:00", "02:00"]})

    assert refused == (422, "gap_too_small")
    assert job["schedule"]["at"] == ["01:00", "02:00"]


async def test_24_executions_of_a_day_and_10_invocations_of_a_job(
    installation: Installation, make_customer: MakeCustomer
) -> None:
    """By schedule and by call together; with the next day all is there again."""
    customer = await make_customer()
    noon = await installation.at_noon()
    hourly = {"type": "interval", "every": "PT1H", "starts_at": (noon + HOUR).isoformat()}
    planned = await customer.published("planned", schedule=hourly)
    called = [await customer.published(f"called-{number}") for number in range(2)]
    for _ in range(5):
        await customer.ended(await customer.start(planned))
    for job in called:
        for _ in range(7):
            await customer.ended(await customer.start(job))
    await installation.advance(to=noon + 6 * HOUR - MINUTE)
    counts = await customer.ask("GET", "/account/limits")
    force = f"/jobs/{called[0]['id']}/force"
    refused = [
        await customer.refused("POST", f"/jobs/{planned['id']}/runs", json={}),
        await customer.refused("POST", force),
    ]
    await installation.advance(to=noon + 12 * HOUR)
    fires = await customer.fires(planned)
    forced = await customer.ask("POST", force, status=202)

    # Five of the calls and five of the schedule: then the job has had its ten.
    assert counts["executions"] == {"limit": 24, "used": 24, "left": 0}
    assert refused == [(429, "quota_executions")] * 2
    assert [fire["reason"] for fire in fires] == [None] * 5 + ["quota_executions"] * 6 + [None]
    assert (await customer.ended(forced))["state"] == "succeeded"


async def test_the_11th_invocation_of_one_job(
    installation: Installation, make_customer: MakeCustomer
) -> None:
    customer = await make_customer()
    noon = await installation.at_noon()
    hourly = {"type": "interval", "every": "PT1H", "starts_at": (noon + HOUR).isoformat()}
    job = await customer.published(schedule=hourly)
    other = await customer.published("other")
    for _ in range(4):
        await customer.ended(await customer.start(job))
    await installation.advance(to=noon + 8 * HOUR)
    fires = await customer.fires(job)
    refused = await customer.refused("POST", f"/jobs/{job['id']}/runs", json={})

    assert [fire["reason"] for fire in fires] == [None] * 6 + ["quota_invocations"] * 2
    assert refused == (429, "quota_invocations")
    assert (await customer.ended(await customer.start(other)))["state"] == "succeeded"


async def test_a_zip_of_4_194_304_bytes_and_not_one_more(customer: Customer) -> None:
    job = await customer.job(kind="code")
    path = f"/jobs/{job['id']}/code"
    version = await customer.ask("PUT", path, content=_of_bytes(ZIP_BYTES))
    refused = await customer.refused("PUT", path, content=_of_bytes(ZIP_BYTES + 1))
    found = await customer.ask("GET", f"/jobs/{job['id']}/versions")

    assert version["size_bytes"] == ZIP_BYTES
    assert refused == (413, "body_too_large")
    assert len(found["items"]) == 1


async def test_retries_and_timeouts_as_large_as_the_plan_has_them(customer: Customer) -> None:
    job = await customer.job(retries=1, timeout="PT4H")
    path = f"/jobs/{job['id']}"
    answers = [
        await customer.http.patch(f"/v1{path}", json=told)
        for told in ({"retries": 2}, {"timeout": "PT4H1S"}, {"timeout": "PT4H", "retries": 0})
    ]

    assert [answer.status_code for answer in answers] == [422, 422, 200]
    assert [_place_of(answer.json()) for answer in answers[:2]] == ["/retries", "/timeout"]


async def test_no_timeout_is_longer_than_a_day_whatever_the_plan(
    make_customer: MakeCustomer,
) -> None:
    customer = await make_customer(minutes_per_day=10_000)
    job = await customer.job(timeout=_iso(DAY))
    answer = await customer.http.patch(
        f"/v1/jobs/{job['id']}", json={"timeout": _iso(DAY + SECOND)}
    )

    assert (answer.status_code, _place_of(answer.json())) == (422, "/timeout")


async def test_a_job_may_take_exactly_what_is_left_of_the_day(
    installation: Installation, make_customer: MakeCustomer
) -> None:
    customer = await make_customer(minutes_per_day=60)
    await installation.at_noon()
    whole = await customer.published("whole", timeout="PT1H")
    run = await customer.ended(await customer.start(whole))
    left = (await customer.minutes())["left"]
    again = await customer.http.post(f"/v1/jobs/{whole['id']}/runs", json={})

    assert run["state"] == "succeeded"
    # An export takes no time worth a hundredth of a minute, yet some.
    assert left <= 60
    assert (again.status_code, again.json()["code"]) == (429, "quota_minutes")


def _of_bytes(size: int) -> bytes:
    """A zip of exactly so many bytes."""
    filler = size - len(_stored(b""))
    return _stored(b"x" * filler)


def _stored(filler: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("main.py", SAYS_HELLO)
        archive.writestr("filler.bin", filler)
    return packed.getvalue()


def _place_of(problem: Json) -> str:
    return str(problem["errors"][0]["pointer"])


def _iso(length: timedelta) -> str:
    return f"PT{length.total_seconds():g}S"
