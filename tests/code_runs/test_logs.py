"""Logs: in pages, by level, as text; a million lines are capped and slow nobody."""

from datetime import UTC, datetime

import httpx
from hypothesis import given
from hypothesis import strategies as st

from app.core.failpoints import Purpose
from app.runs.logs.packing import Level, Line, pack, unpack
from app.runs.logs.queries import KEPT, forget
from tests.code_runs.making import Json, Site, error_of, published
from tests.conftest import MakeTenant

LEVELS = """
    from helper import LS
    def main():
        for n in range(100):
            LS.log.debug(f"d{n}"); LS.log.info(f"i{n}"); LS.log.error(f"e{n}", {"n": n})
"""


async def test_pages_follow_each_other_without_gaps(site: Site) -> None:
    run = await site.run(await published(site.http, LEVELS))
    lines = await site.log(run, limit=7)

    assert [line["number"] for line in lines] == list(range(1, 301))
    assert [line["text"] for line in lines[:3]] == ["d0", "i0", "e0"]


async def test_a_level_shows_itself_and_what_is_graver(site: Site) -> None:
    run = await site.run(await published(site.http, LEVELS))

    assert await site.texts(run, level="error", limit=30) == [f"e{n}" for n in range(100)]
    assert len(await site.log(run, level="info")) == 200
    assert await site.log(run, level="fatal") == []


async def test_as_text_it_is_whole(site: Site) -> None:
    run = await site.run(await published(site.http, LEVELS))
    answer = await site.http.get(
        f"/v1/runs/{run['id']}/log", params={"level": "error"}, headers={"Accept": "text/plain"}
    )
    lines = answer.text.splitlines()

    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert len(lines) == 100
    assert lines[0].endswith('Z ERROR e0 {"n": 0}')


async def test_a_million_lines_are_capped_and_the_last_line_says_so(site: Site) -> None:
    source = "def main():\n    for n in range(1_000_000): print(n)"
    run = await site.run(await published(site.http, source))
    lines = await site.log(run, level="warn")

    assert error_of(run) == ("succeeded_with_warnings", None)
    assert len(lines) == 1
    last = lines[0]
    assert last["text"] == "The log ends here: a run's log holds 10 MiB at most."
    # 10 MiB, of which each line takes 64 bytes besides its text.
    assert 130_000 < last["number"] < 170_000
    around = (await _page(site.http, run, last["number"] - 3))[0]
    assert around["text"] == str(around["number"] - 1)


async def test_another_account_sees_none_of_it(site: Site, make_tenant: MakeTenant) -> None:
    run = await site.run(await published(site.http))
    stranger = (await make_tenant()).http

    for path in ("log", "events"):
        assert (await stranger.get(f"/v1/runs/{run['id']}/{path}")).status_code == 404


async def test_lines_are_forgotten_after_a_month(site: Site) -> None:
    run = await site.run(await published(site.http))
    account_id = site.tenant.account_id

    async def forgotten(now: datetime) -> int:
        async with site.work.unit_of_work(account_id, purpose=Purpose.FORGETTING) as session:
            return await forget(session, account_id, now=now)

    ended = datetime.fromisoformat(run["finished_at"])
    assert await forgotten(ended + KEPT * 0.99) == 0
    assert await forgotten(ended + KEPT * 1.01) == 1
    assert await site.log(run) == []


texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
lines = st.builds(
    Line,
    at=st.just(datetime(2026, 3, 10, 12, tzinfo=UTC)),
    level=st.sampled_from(Level),
    text=texts,
    attempt=st.integers(0, 20),
    fields=st.recursive(st.none() | st.booleans() | texts, st.lists),
)


@given(st.lists(lines, max_size=20))
def test_what_is_packed_comes_out_as_it_went_in(given: list[Line]) -> None:
    packed = pack(given)

    assert list(unpack(packed.payload)) == given
    assert (packed.lines, packed.levels != 0) == (len(given), bool(given))


async def _page(http: httpx.AsyncClient, run: Json, after: int) -> list[Json]:
    """Lines behind this number, by pages of a thousand from the beginning."""
    cursor: str | None = None
    found: list[Json] = []
    while True:
        told = {"limit": 1000} | ({"cursor": cursor} if cursor else {})
        answer = (await http.get(f"/v1/runs/{run['id']}/log", params=told)).json()
        found = [line for line in answer["items"] if line["number"] > after]
        cursor = answer["next_cursor"]
        if found or cursor is None:
            return found
