"""A cadence from outside: people come in, the batch comes by, a rep does the rest."""

from datetime import datetime, timedelta

from tests.sequences.making import CALL, EMAIL, OLD_ENOUGH, Cadences


async def test_the_batch_sends_the_email_and_a_day_later_shows_the_call(
    cadences: Cadences,
) -> None:
    sequence = await cadences.active()
    ada = await cadences.person(first_name="Ada", company="Acme", owner="rita")
    (result,) = await cadences.put_in(sequence, ada)

    await cadences.advance("PT30M")
    first = await cadences.steps(sequence, result["id"])
    mails = await cadences.mailbox()
    await cadences.advance("P1DT30M")
    then = await cadences.steps(sequence, result["id"])
    today = await cadences.today(owner="rita")

    assert [(step["type"], step["status"]) for step in first] == [
        ("email", "initiated"),
        ("call", "upcoming"),
    ]
    assert first[0]["is_initiated"]
    assert first[0]["actual_execution_at"]
    assert [(mail["to"], mail["subject"]) for mail in mails] == [("ada@example.com", "Hello Ada")]
    assert "From Acme." in mails[0]["text"]
    assert [(step["status"], step["show_on_today"]) for step in then] == [
        ("initiated", False),
        ("on_engage", True),
    ]
    assert [item["id"] for item in today] == [then[1]["id"]]


async def test_a_completed_last_action_completes_the_participant(cadences: Cadences) -> None:
    sequence = await cadences.active(actions=[{**CALL, "delay": "PT0S"}])
    (result,) = await cadences.put_in(sequence, await cadences.person())
    await cadences.advance("PT30M")
    (item,) = await cadences.today()

    done = await cadences.ok(
        "POST", f"/participant-actions/{item['id']}/complete", json={"note": "spoke to her"}
    )

    assert (done["status"], done["is_initiated"]) == ("completed", True)
    assert await cadences.today() == []
    (participant,) = await cadences.participants(sequence)
    assert (participant["id"], participant["state"]) == (result["id"], "completed")


async def test_who_meets_the_entrance_criteria_is_enrolled_by_the_batch(
    cadences: Cadences,
) -> None:
    old = await cadences.person("old@example.com", score=80)
    await cadences.person("young@example.com", score=10)
    sequence = await cadences.active(enrolment="automatic", entrance=OLD_ENOUGH)

    await cadences.advance("PT30M")
    (participant,) = await cadences.participants(sequence)
    later = await cadences.person("late@example.com", score=60)
    await cadences.advance("PT30M")

    assert participant["person_id"] == old["id"]
    assert participant["enrolled_by"] is None
    both = await cadences.participants(sequence)
    assert [one["person_id"] for one in both] == [old["id"], later["id"]]
    assert {mail["to"] for mail in await cadences.mailbox()} == {
        "old@example.com",
        "late@example.com",
    }


async def test_who_meets_the_exit_criteria_leaves_and_nothing_more_happens(
    cadences: Cadences,
) -> None:
    sequence = await cadences.active(
        exit={"field": "person.title", "op": "equals", "value": "gone"}, actions=[CALL, EMAIL]
    )
    ada = await cadences.person()
    (result,) = await cadences.put_in(sequence, ada)
    await cadences.advance("PT30M")
    await cadences.ok("PATCH", f"/people/{ada['id']}", json={"title": "gone"})

    await cadences.advance("P2D")
    (participant,) = await cadences.participants(sequence)

    assert (participant["state"], participant["exit_reason"]) == ("exited", "exit_criteria")
    steps = await cadences.steps(sequence, result["id"])
    assert [step["status"] for step in steps] == ["not_actionable", "not_actionable"]
    assert await cadences.mailbox() == []


async def test_every_half_hour_of_a_week_has_its_fire(cadences: Cadences) -> None:
    await cadences.active()

    await cadences.advance("P7D")
    fires = await cadences.fires()

    assert [fire["outcome"] for fire in fires] == ["ran"] * 336


async def test_the_mailbox_shows_the_newest_email_first(cadences: Cadences) -> None:
    sequence = await cadences.active(actions=[EMAIL])
    emails = [f"p{n}@example.com" for n in range(5)]
    for email in emails:
        await cadences.put_in(sequence, await cadences.person(email))
        await cadences.advance("PT30M")

    shown: list[str] = []
    cursor: dict[str, str] = {}
    for _ in emails:
        page = await cadences.ok("GET", "/mailbox", params={"limit": 1, **cursor})
        shown += [mail["to"] for mail in page["items"]]
        cursor = {"cursor": page["next_cursor"]}

    assert shown == list(reversed(emails))
    assert cursor == {"cursor": None}


async def test_a_day_later_is_the_batch_of_the_same_time(cadences: Cadences) -> None:
    sequence = await cadences.active(
        enrolment="automatic", entrance=OLD_ENOUGH, actions=[EMAIL, CALL, {**CALL, "type": "task"}]
    )
    await cadences.person(score=80)
    await cadences.advance("PT30M")
    (participant,) = await cadences.participants(sequence)
    first = max(fire["planned_at"] for fire in await cadences.fires())

    await cadences.advance("P1D")
    (call,) = await cadences.today()
    await cadences.ok("POST", f"/participant-actions/{call['id']}/skip")
    await cadences.advance("P1DT30M")
    (task,) = await cadences.today()

    assert datetime.fromisoformat(call["due_at"]) - datetime.fromisoformat(first) == timedelta(1)
    assert (call["type"], task["type"]) == ("call", "task")
    assert [step["status"] for step in await cadences.steps(sequence, participant["id"])] == [
        "initiated",
        "manually_skipped",
        "on_engage",
    ]
