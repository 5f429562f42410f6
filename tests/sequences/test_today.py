"""Today: what a rep has to do, in which order, and what becomes of it."""

from datetime import datetime, timedelta

from tests.jobs.making import now_of
from tests.sequences.making import Cadences, Json

CALL: Json = {"type": "call"}


async def test_the_highest_priority_comes_first_then_what_is_due_longest(
    cadences: Cadences,
) -> None:
    low = await cadences.active("low", actions=[CALL])
    high = await cadences.active("high", actions=[CALL | {"priority": 9}])
    ada, bob = await cadences.person(owner="rita"), await cadences.person("bob@example.com")
    await cadences.put_in(low, ada)
    await cadences.advance("PT30M")
    await cadences.put_in(low, bob)
    await cadences.put_in(high, bob)
    await cadences.advance("PT30M")

    everybody = await cadences.today()
    first = await cadences.ok("GET", "/today", params={"limit": 2})
    rest = await cadences.ok("GET", "/today", params={"limit": 2, "cursor": first["next_cursor"]})

    assert [(item["sequence_id"], item["person_id"]) for item in everybody] == [
        (high["id"], bob["id"]),
        (low["id"], ada["id"]),
        (low["id"], bob["id"]),
    ]
    assert first["items"] + rest["items"] == everybody
    assert rest["next_cursor"] is None
    assert [item["person_id"] for item in await cadences.today(owner="rita")] == [ada["id"]]


async def test_what_is_shown_goes_with_the_person_to_another_owner(cadences: Cadences) -> None:
    sequence = await cadences.active(actions=[CALL])
    ada = await cadences.person(owner="rita")
    await cadences.put_in(sequence, ada)
    await cadences.advance("PT30M")
    await cadences.ok("PATCH", f"/people/{ada['id']}", json={"owner": "sam"})

    await cadences.advance("PT30M")

    assert await cadences.today(owner="rita") == []
    assert len(await cadences.today(owner="sam")) == 1


async def test_a_skipped_action_is_kept_with_its_reason_and_the_next_one_follows(
    cadences: Cadences,
) -> None:
    sequence = await cadences.active(actions=[CALL, {"type": "task", "delay": "PT2H"}])
    (result,) = await cadences.put_in(sequence, await cadences.person())
    await cadences.advance("PT30M")
    (item,) = await cadences.today()

    await cadences.ok("POST", f"/participant-actions/{item['id']}/skip", json={"reason": "met"})
    found = await cadences.ok("GET", f"/participant-actions/{item['id']}")
    now = await now_of(cadences.resources, cadences.tenant)
    _, following = await cadences.steps(sequence, result["id"])

    assert (found["status"], found["note"], found["done_by"]) == (
        "manually_skipped",
        "met",
        "marketo",
    )
    assert following["status"] == "upcoming"
    due_at = now + timedelta(hours=2)
    assert abs(due_at - datetime.fromisoformat(following["due_at"])) < timedelta(minutes=1)


async def test_a_rescheduled_action_comes_back_when_it_is_due(cadences: Cadences) -> None:
    sequence = await cadences.active(actions=[CALL])
    await cadences.put_in(sequence, await cadences.person())
    await cadences.advance("PT30M")
    (item,) = await cadences.today()
    later = await now_of(cadences.resources, cadences.tenant) + timedelta(hours=3)

    path = f"/participant-actions/{item['id']}/reschedule"
    moved = await cadences.ok("POST", path, json={"due_at": later.isoformat()})
    await cadences.advance("PT2H")
    early = await cadences.today()
    await cadences.advance("PT2H")

    assert (moved["status"], moved["show_on_today"]) == ("upcoming", False)
    assert early == []
    assert [one["id"] for one in await cadences.today()] == [item["id"]]


async def test_what_makes_no_sense_is_refused_with_a_code_of_its_own(cadences: Cadences) -> None:
    automatic = {"type": "email", "automatic": True, "delay": "P1D"}
    template = {"template": {"subject": "a", "body": "b"}}
    sequence = await cadences.active(actions=[automatic | template, CALL])
    (result,) = await cadences.put_in(sequence, await cadences.person())
    email, call = await cadences.steps(sequence, result["id"])

    async def refused(action: Json, deed: str, **body: object) -> tuple[int, str]:
        path = f"/v1/participant-actions/{action['id']}/{deed}"
        answer = await cadences.http.post(path, json=body)
        return answer.status_code, answer.json()["code"]

    past = {"due_at": "2020-01-01T00:00:00Z"}
    assert await refused(email, "complete") == (409, "action_is_automatic")
    assert await refused(call, "complete") == (409, "action_not_next")
    assert await refused(email, "reschedule", **past) == (422, "invalid_moment")
    await cadences.ok("POST", f"/participant-actions/{email['id']}/skip")
    assert await refused(email, "skip") == (409, "action_over")


async def test_what_is_put_off_beyond_the_calendar_is_refused_with_its_place(
    cadences: Cadences,
) -> None:
    """The moments of those behind it are reckoned from there, and could not be written."""
    sequence = await cadences.active(actions=[CALL, {"type": "task", "delay": "P400D"}])
    (result,) = await cadences.put_in(sequence, await cadences.person())
    call, _ = await cadences.steps(sequence, result["id"])
    path = f"/v1/participant-actions/{call['id']}/reschedule"

    for moment, status in (("9999-12-31T23:59:59Z", 422), ("2199-12-31T23:59:59Z", 200)):
        answer = await cadences.http.post(path, json={"due_at": moment})
        assert answer.status_code == status, answer.text
        if status == 422:
            assert [one["pointer"] for one in answer.json()["errors"]] == ["/due_at"]
            assert "9999" not in answer.text
        assert len(await cadences.steps(sequence, result["id"])) == 2
