"""Reps, integrations and the batch at the same participants: nobody gets a lock error."""

import asyncio
from collections import Counter
from uuid import UUID

from app.core import clock
from app.core.driver import driver_of
from app.sequences.today import queries, service
from tests.faults.cadences import LAWS
from tests.faults.processes import until
from tests.sequences.making import EMAIL, Cadences, Json
from workers.runs import work_on_run
from workers.work import Work

_WAITING = """
SELECT count(*) FROM pg_locks WHERE NOT granted AND pid IN (
       SELECT pid FROM pg_stat_activity WHERE datname = current_database())
"""


async def test_whatever_is_done_with_the_same_participants_at_once(cadences: Cadences) -> None:
    sequence = await cadences.active(actions=[{"type": "call"}, EMAIL, {"type": "task"}])
    tried = [f"/v1/sequences/{sequence['id']}/{deed}" for deed in ("deactivate", "activate") * 3]
    switched = await asyncio.gather(*(cadences.http.post(path) for path in tried))
    await cadences.ok("POST", f"/sequences/{sequence['id']}/activate")
    people = [await cadences.person(f"p{n}@example.com") for n in range(12)]
    results = await cadences.put_in(sequence, *people)
    ways = [await cadences.steps(sequence, one["id"]) for one in results]
    forced = await asyncio.gather(*(cadences.http.post("/v1/batches/lead/force") for _ in range(4)))

    async def rep(way: list[Json]) -> list[int]:
        deeds = ("complete", "skip", "complete")
        paths = [f"/v1/participant-actions/{step['id']}/{deed}" for step in way for deed in deeds]
        answers = await asyncio.gather(*(cadences.http.post(path) for path in paths))
        return [answer.status_code for answer in answers]

    async def out(participant: Json) -> list[int]:
        path = f"/v1/sequences/{sequence['id']}/participants/{participant['id']}"
        return [(await cadences.http.delete(path)).status_code]

    async def batch() -> list[int]:
        (run,) = [one for one in forced if one.status_code == 202]
        work = Work(cadences.resources)
        await work_on_run(work, cadences.tenant.account_id, UUID(run.json()["id"]))
        return []

    answers = await asyncio.gather(batch(), *map(rep, ways), *map(out, results[::2]))
    async with cadences.resources.unit_of_work(cadences.tenant.account_id) as session:
        driver = await driver_of(session)
        broken = {law: await driver.fetch(sql) for law, sql in LAWS.items()}

    assert {answer.status_code for answer in switched} == {200}
    assert Counter(answer.status_code for answer in forced) == {202: 1, 409: 3}
    assert {status for one in answers for status in one} <= {200, 204, 409}
    assert {law: rows for law, rows in broken.items() if rows} == {}


async def test_who_is_taken_out_while_the_last_action_is_completed_has_completed(
    cadences: Cadences,
) -> None:
    sequence = await cadences.active(actions=[{"type": "call"}])
    (result,) = await cadences.put_in(sequence, await cadences.person())
    await cadences.advance("PT30M")
    (item,) = await cadences.today()
    account_id, action_id = cadences.tenant.account_id, UUID(item["id"])
    path = f"/v1/sequences/{sequence['id']}/participants/{result['id']}"

    async with cadences.resources.unit_of_work(account_id) as session:
        await queries.get_action(session, account_id, action_id, lock=True)
        leaving = asyncio.create_task(cadences.http.delete(path))
        driver = await driver_of(session)

        async def is_waiting() -> bool:
            return bool(await driver.fetchval(_WAITING))

        await until(is_waiting)
        now = clock.business_now(session)
        await service.complete(session, account_id, action_id, note=None, by="rita", now=now)
    answer = await leaving

    (participant,) = await cadences.participants(sequence)
    assert (answer.status_code, answer.json()["code"]) == (409, "participant_gone")
    assert (participant["state"], participant["exit_reason"]) == ("completed", None)
