"""A success with far more or fewer rows than usual is one with warnings, and is told of once."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import col, select

from app.models import Event
from app.runs.rules import is_unusual, usual_rows
from tests.code_runs.making import Site, error_of, published
from tests.conftest import MakeTenant
from tests.jobs.making import plan
from tests.mail.reading import letters_of

COUNTS = "def main(event): return {'total': event['body'], 'succeeded': event['body']}"


@pytest.mark.parametrize(
    ("rows", "earlier", "found"),
    [
        (0, [10, 10, 10, 10], False),  # four say nothing
        (0, [10, 10, 10, 10, 10], True),
        (2, [10, 10, 10, 10, 10], False),  # exactly a fifth
        (1, [10, 10, 10, 10, 10], True),
        (50, [10, 10, 10, 10, 10], False),  # exactly five times
        (51, [10, 10, 10, 10, 10], True),
        (0, [0, 0, 0, 10, 10], False),
        (1_000, [0, 0, 0, 10, 10], False),
        (10, [10] * 20 + [1_000] * 30, False),  # only the last twenty count
    ],
)
def test_what_is_unusual(rows: int, earlier: list[int], found: bool) -> None:
    assert is_unusual(rows, earlier) is found


@given(st.lists(st.integers(0, 10**9), min_size=5, max_size=30))
def test_the_usual_number_itself_is_never_unusual(earlier: list[int]) -> None:
    usual = usual_rows(earlier)
    assert usual is not None
    assert not is_unusual(round(usual), earlier) or 0 < usual < 1


async def test_the_sixth_run_is_held_against_the_five_before(
    site: Site, make_tenant: MakeTenant
) -> None:
    await plan(make_tenant, site.tenant, invocations_per_job=100, minimum_gap_minutes=0)
    alert = {"emails": ["ops@example.com"], "on": ["failure"]}
    job = await published(site.http, COUNTS, alert=alert)
    runs = [await site.run(job, body=10) for _ in range(5)]
    none, usual = await site.run(job, body=0), await site.run(job, body=11)

    assert {error_of(run) for run in (*runs, usual)} == {("succeeded", None)}
    assert error_of(none) == ("succeeded_with_warnings", None)
    assert none["details"]["usual_rows"] == 10
    told = await _told(site)
    assert [(one["run_id"], one["rows"], one["usual_rows"]) for one in told] == [
        (none["id"], 0, 10)
    ]
    assert await letters_of(site.work.resources, site.tenant) == [
        ("run", "nightly moved an unusual number of rows")
    ]


async def _told(site: Site) -> list[dict[str, Any]]:
    async with site.work.resources.unit_of_work(site.tenant.account_id) as session:
        found = await session.exec(
            select(Event.data).where(
                col(Event.account_id) == site.tenant.account_id,
                col(Event.type) == "run.volume_unusual",
            )
        )
        return [dict(data) for data in found.all()]
