"""When a batch comes by: planned, forced, skipped, paused, and never twice at once."""

from datetime import datetime, timedelta

from app.accounts.queries import get_account
from app.batches import firing, service
from app.core.failpoints import Purpose
from app.models.states import BatchName
from app.sequences import planning
from tests.sequences.making import Cadences


async def test_without_an_active_sequence_no_fire_is_planned(cadences: Cadences) -> None:
    sequence = await cadences.make()

    await cadences.advance("PT2H")
    before = await cadences.ok("GET", "/batches/lead")
    await cadences.ok("POST", f"/sequences/{sequence['id']}/activate")
    await cadences.advance("PT1H")
    await cadences.ok("POST", f"/sequences/{sequence['id']}/deactivate")
    await cadences.advance("PT2H")
    after = await cadences.ok("GET", "/batches/lead")

    assert (before["next_fire_at"], before["active_sequences"]) == (None, 0)
    assert (after["next_fire_at"], after["active_sequences"]) == (None, 0)
    assert [fire["outcome"] for fire in await cadences.fires()] == ["ran", "ran"]


async def test_only_the_batch_of_the_sequence_s_object_comes_by(cadences: Cadences) -> None:
    await cadences.active()

    batches = (await cadences.ok("GET", "/batches"))["items"]

    assert [(batch["name"], batch["object"]) for batch in batches] == [
        ("campaign", "campaign_member"),
        ("contact", "contact"),
        ("lead", "lead"),
        ("opportunity", "opportunity"),
    ]
    assert [batch["next_fire_at"] is not None for batch in batches] == [False, False, True, False]


async def test_the_grid_is_counted_from_local_midnight(cadences: Cadences) -> None:
    await cadences.ok("PATCH", "/account", json={"timezone": "Asia/Kolkata"})
    await cadences.active()
    await cadences.ok("PATCH", "/batches/lead", json={"interval": "PT7H"})

    await cadences.advance("P1D")

    hours = {datetime.fromisoformat(fire["planned_at"]) for fire in await cadences.fires()}
    local = {(at + timedelta(hours=5, minutes=30)).strftime("%H:%M") for at in hours}
    assert local == {"00:00", "07:00", "14:00", "21:00"}


async def test_the_grid_moves_with_the_account_s_time_zone(cadences: Cadences) -> None:
    await cadences.active()
    await cadences.ok("PATCH", "/batches/lead", json={"interval": "PT24H"})
    await cadences.ok("PATCH", "/account", json={"timezone": "Asia/Kolkata"})
    batch = await cadences.ok("GET", "/batches/lead")
    skip = await cadences.ok("POST", "/batches/lead/skip", json={"count": 1, "reason": "fair"})

    await cadences.advance("P3D")

    fires = sorted(await cadences.fires(), key=lambda fire: str(fire["planned_at"]))
    assert [str(fire["planned_at"])[11:16] for fire in fires] == ["18:30"] * 3
    assert [fire["reason"] for fire in fires] == ["skip_requested", None, None]
    assert [batch["next_fire_at"]] == skip["fires"] == [fires[0]["planned_at"]]
    assert batch["timezone"] == "Asia/Kolkata"


async def test_what_was_due_by_the_former_time_zone_is_recorded_by_it(cadences: Cadences) -> None:
    await cadences.active()
    planned = (await cadences.ok("GET", "/batches/lead"))["next_fire_at"]
    account_id = cadences.tenant.account_id
    async with cadences.resources.unit_of_work(account_id, purpose=Purpose.FIRES) as session:
        account = await get_account(session, account_id, lock=True)
        account.timezone = "Asia/Kathmandu"
        await session.flush()
        await service.follow_zone(session, account_id, now=datetime.fromisoformat(planned))

    after = datetime.fromisoformat((await cadences.ok("GET", "/batches/lead"))["next_fire_at"])

    assert [fire["planned_at"] for fire in await cadences.fires()] == [planned]
    # Five hours and three quarters east of Greenwich.
    assert after - datetime.fromisoformat(planned) == timedelta(minutes=15)


async def test_force_runs_at_once_and_does_not_move_the_rhythm(cadences: Cadences) -> None:
    sequence = await cadences.active()
    await cadences.put_in(sequence, await cadences.person())
    before = await cadences.ok("GET", "/batches/lead")

    forced = await cadences.ok("POST", "/batches/lead/force", 202, json={"reason": "fair"})
    await cadences.advance("PT1S")
    after = await cadences.ok("GET", "/batches/lead")

    assert (forced["kind"], forced["trigger"], forced["batch"]) == ("batch", "force", "lead")
    run = await cadences.ok("GET", f"/runs/{forced['id']}")
    assert (run["state"], run["details"]["steps"]["emails"]) == ("succeeded", {"sent": 1})
    assert after["next_fire_at"] == before["next_fire_at"]
    assert await cadences.fires() == []


async def test_a_batch_that_is_at_work_is_not_forced_again(cadences: Cadences) -> None:
    await cadences.active()
    # No worker looks for runs in these tests until the clock is moved.
    first = await cadences.ok("POST", "/batches/lead/force", 202)

    second = await cadences.http.post("/v1/batches/lead/force")

    assert (second.status_code, second.json()["code"]) == (409, "already_running")
    assert second.headers["Location"] == f"/v1/runs/{first['id']}"


async def test_a_fire_while_a_run_is_at_work_is_an_overlap(cadences: Cadences) -> None:
    await cadences.active()
    forced = await cadences.ok("POST", "/batches/lead/force", 202)
    batch = await cadences.ok("GET", "/batches/lead")
    planned = datetime.fromisoformat(batch["next_fire_at"])
    account_id = cadences.tenant.account_id

    async with cadences.resources.unit_of_work(account_id, purpose=Purpose.FIRES) as session:
        place = [(account_id, planning.IDS[BatchName.LEAD])]
        await firing.fire_due(session, place, secret_key="", now=planned)

    (fire,) = await cadences.fires()
    assert (fire["outcome"], fire["reason"]) == ("not_run", "overlap")
    assert fire["details"]["other_run_id"] == forced["id"]


async def test_skipped_moments_pass_and_then_all_is_normal_by_itself(cadences: Cadences) -> None:
    await cadences.active()

    answer = await cadences.ok("POST", "/batches/lead/skip", json={"count": 2, "reason": "fair"})
    await cadences.advance("PT2H")

    fires = sorted(await cadences.fires(), key=lambda fire: str(fire["planned_at"]))
    assert [fire["reason"] for fire in fires] == ["skip_requested", "skip_requested", None, None]
    assert [fire["planned_at"] for fire in fires[:2]] == answer["fires"]
    assert (await cadences.ok("GET", "/batches/lead"))["skips_left"] == 0


async def test_what_is_left_to_skip_can_be_undone(cadences: Cadences) -> None:
    await cadences.active()
    await cadences.ok("POST", "/batches/lead/skip", json={"count": 5, "reason": "fair"})
    await cadences.advance("PT30M")

    await cadences.ok("DELETE", "/batches/lead/skip", 204)
    await cadences.advance("PT30M")

    fires = sorted(await cadences.fires(), key=lambda fire: str(fire["planned_at"]))
    assert [fire["reason"] for fire in fires] == ["skip_requested", None]


async def test_a_paused_batch_can_be_forced(cadences: Cadences) -> None:
    await cadences.active()
    await cadences.ok("PATCH", "/batches/lead", json={"is_paused": True})
    await cadences.advance("PT30M")
    forced = await cadences.ok("POST", "/batches/lead/force", 202)
    await cadences.advance("PT1S")

    (fire,) = await cadences.fires()
    assert (fire["reason"], fire["by"]) == ("paused", "marketo")
    assert (await cadences.ok("GET", f"/runs/{forced['id']}"))["state"] == "succeeded"


async def test_a_batch_that_was_changed_meanwhile_is_not_changed(cadences: Cadences) -> None:
    path, http = "/v1/batches/lead", cadences.http
    seen = {"If-Match": (await http.get(path)).headers["ETag"]}

    first = await http.patch(path, json={"interval": "PT15M"}, headers=seen)
    second = await http.patch(path, json={"is_paused": True}, headers=seen)
    found = await http.get(path)

    assert (first.status_code, second.status_code) == (200, 412), second.text
    assert (found.json()["interval"], found.json()["is_paused"]) == ("PT15M", False)
    assert found.headers["ETag"] == first.headers["ETag"] != seen["If-Match"]


async def test_an_interval_outside_the_grid_is_refused(cadences: Cadences) -> None:
    for interval in ("PT4M59S", "PT24H1S"):
        answer = await cadences.http.patch("/v1/batches/lead", json={"interval": interval})

        assert answer.status_code == 422
        assert [error["pointer"] for error in answer.json()["errors"]] == ["/interval"]


async def test_there_is_no_other_batch(cadences: Cadences) -> None:
    answer = await cadences.http.get("/v1/batches/weekly")

    assert (answer.status_code, answer.json()["code"]) == (404, "batch_not_found")
