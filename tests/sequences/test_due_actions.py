"""What becomes of a due action, and what it says of why nothing happened."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.jobs.making import now_of
from tests.sequences.making import CALL, EMAIL, HELLO, Cadences, Json

NOW_CALL: Json = {"type": "call"}
RICH: Json = {"field": "person.score", "op": "gte", "value": 50}


async def first_step(cadences: Cadences, action: Json, **person: Any) -> Json:
    """What became of a sequence's first action after a batch has come by."""
    sequence = await cadences.active(actions=[action, CALL])
    (result,) = await cadences.put_in(sequence, await cadences.person(**person))
    await cadences.advance("PT30M")
    return (await cadences.steps(sequence, result["id"]))[0]


@pytest.mark.parametrize(
    ("action", "person", "status", "reason"),
    [
        (EMAIL, {"email_opted_out": True}, "auto_skipped", "OPTED_OUT"),
        ({"type": "sms"}, {"sms_opted_out": True}, "auto_skipped", "OPTED_OUT"),
        (NOW_CALL, {"email_opted_out": True}, "on_engage", None),
        (EMAIL | {"criteria": RICH, "on_unmet": "skip"}, {}, "auto_skipped", "SKIP_CRITERIA"),
        (EMAIL | {"criteria": RICH, "on_unmet": "wait"}, {}, "upcoming", "WAIT_CRITERIA"),
        (NOW_CALL | {"criteria": RICH, "on_unmet": "skip"}, {}, "auto_skipped", "SKIP_CRITERIA"),
        (EMAIL, {"email": None}, "auto_skipped", "BLANK_EMAIL_ADDRESS"),
        (
            EMAIL | {"template": HELLO | {"body": "{{person.title}}"}},
            {},
            "on_engage",
            "EMPTY_EMAIL_BODY",
        ),
        (
            EMAIL | {"template": HELLO | {"body": "Dear {{person.title"}},
            {},
            "on_engage",
            "BAD_SYNTAX_EMAIL_BODY",
        ),
        (EMAIL | {"automatic": False}, {}, "on_engage", None),
    ],
)
async def test_an_action_says_why_it_did_not_happen(
    cadences: Cadences, action: Json, person: Json, status: str, reason: str | None
) -> None:
    step = await first_step(cadences, action, **person)

    assert (step["status"], step["deferral_reason"]) == (status, reason)
    assert step["show_on_today"] is (status == "on_engage")
    assert await cadences.mailbox() == []


async def test_an_email_that_cannot_be_filled_in_turns_manual(cadences: Cadences) -> None:
    step = await first_step(cadences, EMAIL | {"template": HELLO | {"body": " {{person.title}} "}})

    assert step["automatic"] is False
    (item,) = await cadences.today()
    assert item["id"] == step["id"]
    done = await cadences.ok("POST", f"/participant-actions/{step['id']}/complete")
    assert done["status"] == "completed"


async def test_an_action_that_waits_happens_once_its_criteria_hold(cadences: Cadences) -> None:
    sequence = await cadences.active(actions=[EMAIL | {"criteria": RICH}])
    ada = await cadences.person(score=10)
    (result,) = await cadences.put_in(sequence, ada)
    await cadences.advance("PT1H")
    before = await cadences.steps(sequence, result["id"])
    await cadences.ok("PATCH", f"/people/{ada['id']}", json={"score": 50})

    await cadences.advance("PT30M")
    after = await cadences.steps(sequence, result["id"])

    assert [(step["status"], step["deferral_reason"]) for step in before + after] == [
        ("upcoming", "WAIT_CRITERIA"),
        ("initiated", None),
    ]


async def test_the_next_action_follows_a_skipped_one_by_its_delay(cadences: Cadences) -> None:
    skipped = EMAIL | {"criteria": RICH, "on_unmet": "skip"}
    sequence = await cadences.active(actions=[skipped, {"type": "call", "delay": "PT2H"}])
    (result,) = await cadences.put_in(sequence, await cadences.person())

    await cadences.advance("PT1H")
    early = await cadences.today()
    await cadences.advance("PT2H")

    assert early == []
    (item,) = await cadences.today()
    assert item["participant_id"] == result["id"]


async def test_an_action_explains_itself(cadences: Cadences) -> None:
    criteria: Json = {"all": [RICH, {"field": "person.title", "op": "equals", "value": "VP"}]}
    step = await first_step(cadences, EMAIL | {"criteria": criteria}, score=80)

    found = await cadences.ok("GET", f"/participant-actions/{step['id']}")
    batch = await cadences.ok("GET", "/batches/lead")

    said = found["explanation"]
    assert said["criteria_hold"] is False
    assert [
        (one["pointer"], one["field"], one["holds"], one["is_empty"]) for one in said["tests"]
    ] == [
        ("/all/0", "person.score", True, False),
        ("/all/1", "person.title", False, True),
    ]
    assert said["next_look_at"] == batch["next_fire_at"]


async def test_when_an_action_is_looked_at_is_said_as_it_will_be(cadences: Cadences) -> None:
    """Not before it is due, not in a pause, past what is skipped, and not before its turn."""
    sequence = await cadences.active(actions=[EMAIL | {"delay": "P10D"}, {"type": "call"}])
    (result,) = await cadences.put_in(sequence, await cadences.person())
    first, second = await cadences.steps(sequence, result["id"])

    async def said(step: Json) -> Json:
        found = await cadences.ok("GET", f"/participant-actions/{step['id']}")
        explanation: Json = found["explanation"]
        return explanation

    due_at = datetime.fromisoformat(first["due_at"])
    look_at = datetime.fromisoformat((await said(first))["next_look_at"])
    assert due_at <= look_at < due_at + timedelta(minutes=30)
    assert (await said(second))["next_look_at"] is None
    assert "come first" in (await said(second))["detail"]

    path = f"/participant-actions/{first['id']}/reschedule"
    soon = await now_of(cadences.resources, cadences.tenant) + timedelta(seconds=30)
    await cadences.ok("POST", path, json={"due_at": soon.isoformat()})
    skipped = await cadences.ok("POST", "/batches/lead/skip", json={"count": 3, "reason": "moving"})
    last = datetime.fromisoformat(skipped["fires"][-1])
    assert datetime.fromisoformat((await said(first))["next_look_at"]) - last == timedelta(
        minutes=30
    )

    await cadences.ok("PATCH", "/batches/lead", json={"is_paused": True})
    paused = await said(first)
    assert (paused["next_look_at"], "paused" in paused["detail"]) == (None, True)

    await cadences.ok("POST", f"/sequences/{sequence['id']}/deactivate")
    asleep = await said(first)
    assert (asleep["next_look_at"], "not active" in asleep["detail"]) == (None, True)


async def test_what_never_happens_says_why_its_participant_has_left(cadences: Cadences) -> None:
    """Also an action that had been waiting: it waits no more."""
    sequence = await cadences.active(actions=[EMAIL | {"criteria": RICH}, CALL])
    ada = await cadences.person(score=10)
    (result,) = await cadences.put_in(sequence, ada)
    await cadences.advance("PT30M")
    await cadences.ok("POST", f"/people/{ada['id']}/convert")
    await cadences.advance("PT30M")

    for step in await cadences.steps(sequence, result["id"]):
        found = await cadences.ok("GET", f"/participant-actions/{step['id']}")
        assert found["status"] == "not_actionable"
        assert found["explanation"]["detail"] == (
            "It never happens: the participant has left the sequence (converted)."
        )
        assert found["explanation"]["next_look_at"] is None


@pytest.mark.parametrize(
    ("deed", "said", "reason"),
    [("complete", "It was done.", None), ("skip", "Somebody skipped it.", "WAIT_CRITERIA")],
)
async def test_what_somebody_has_ended_waits_no_more(
    cadences: Cadences, deed: str, said: str, reason: str | None
) -> None:
    """Why it had waited is kept of what did not happen."""
    step = await first_step(cadences, NOW_CALL | {"criteria": RICH}, score=10)
    assert step["deferral_reason"] == "WAIT_CRITERIA"

    ended = await cadences.ok("POST", f"/participant-actions/{step['id']}/{deed}")
    found = await cadences.ok("GET", f"/participant-actions/{step['id']}")

    assert found["explanation"]["detail"] == said
    assert (ended["deferral_reason"], found["deferral_reason"]) == (reason, reason)


async def test_calls_and_texts_leave_as_events_for_a_connector(cadences: Cadences) -> None:
    step = await first_step(cadences, {"type": "sms", "template": {"body": "Hello"}})

    events = await cadences.told("action.due")

    assert [event["participant_action_id"] for event in events] == [step["id"]]


async def test_whoever_opts_out_of_everything_leaves(cadences: Cadences) -> None:
    sequence = await cadences.active()
    ada = await cadences.person()
    await cadences.put_in(sequence, ada)
    await cadences.advance("PT30M")
    await cadences.ok("PATCH", f"/people/{ada['id']}", json={"opted_out": True})

    await cadences.advance("PT30M")

    (participant,) = await cadences.participants(sequence)
    assert (participant["state"], participant["exit_reason"]) == ("exited", "opted_out")
    events = await cadences.told("participant.exited")
    assert [(event["participant_id"], event["reason"]) for event in events] == [
        (participant["id"], "opted_out")
    ]


async def test_a_lead_that_is_converted_leaves(cadences: Cadences) -> None:
    sequence = await cadences.active()
    ada = await cadences.person()
    await cadences.put_in(sequence, ada)
    await cadences.ok("POST", f"/people/{ada['id']}/convert")

    await cadences.advance("PT30M")

    (participant,) = await cadences.participants(sequence)
    assert participant["exit_reason"] == "converted"
    assert await cadences.mailbox() == []


async def test_what_a_person_opts_out_of_leaves_today(cadences: Cadences) -> None:
    sequence = await cadences.active(actions=[EMAIL | {"automatic": False}])
    ada = await cadences.person()
    await cadences.put_in(sequence, ada)
    await cadences.advance("PT30M")
    before = await cadences.today()
    await cadences.ok("PATCH", f"/people/{ada['id']}", json={"email_opted_out": True})

    await cadences.advance("PT30M")

    assert len(before) == 1
    assert await cadences.today() == []
    (participant,) = await cadences.participants(sequence)
    assert participant["state"] == "completed"
