"""The definitions of sequences: what is refused, what may change while somebody is in them."""

import pytest

from tests.sequences.making import CALL, EMAIL, OLD_ENOUGH, Cadences, Json, a_sequence


def pointers(body: Json) -> list[tuple[str, str]]:
    return [(error["pointer"], error["code"]) for error in body["errors"]]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            {"actions": [{"type": "call", "automatic": True}]},
            ("/actions/0/automatic", "not_for_type"),
        ),
        ({"actions": [CALL | {"delay": "P401D"}]}, ("/actions/0/delay", "out_of_range")),
        (
            {"actions": [CALL | {"criteria": {"field": "person.nope", "op": "is_empty"}}]},
            ("/actions/0/criteria/field", "unknown_field"),
        ),
        (
            {"exit": {"field": "response.score", "op": "gt", "value": 1}},
            ("/exit/field", "not_of_this_object"),
        ),
        (
            {"actions": [EMAIL | {"template": {"subject": "a", "body": "{{person.nope}}"}}]},
            ("/actions/0/template/body", "unknown_field"),
        ),
        (
            {"actions": [EMAIL | {"template": {"subject": "{{campaign.name}}", "body": "b"}}]},
            ("/actions/0/template/subject", "unknown_field"),
        ),
        ({"actions": [CALL | {"id": "0" * 32}]}, ("/actions/0/id", "not_here")),
        ({"object": "account"}, ("/object", "enum")),
    ],
)
async def test_what_makes_no_sense_is_refused_where_it_stands(
    cadences: Cadences, fields: Json, expected: tuple[str, str]
) -> None:
    answer = await cadences.http.post("/v1/sequences", json=a_sequence(**fields))

    assert answer.status_code == 422
    assert pointers(answer.json()) == [expected]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"actions": []}, ("/actions", "missing")),
        ({"enrolment": "automatic"}, ("/entrance", "missing")),
        ({"actions": [{"type": "email", "automatic": True}]}, ("/actions/0/template", "missing")),
    ],
)
async def test_what_says_too_little_cannot_be_active(
    cadences: Cadences, fields: Json, expected: tuple[str, str]
) -> None:
    made = await cadences.make(**fields)

    answer = await cadences.http.post(f"/v1/sequences/{made['id']}/activate")

    assert (answer.status_code, answer.json()["code"]) == (422, "sequence_not_activatable")
    assert pointers(answer.json()) == [expected]


async def test_an_active_sequence_stays_one_that_could_be_active(cadences: Cadences) -> None:
    made = await cadences.active()

    answer = await cadences.http.patch(f"/v1/sequences/{made['id']}", json={"actions": []})

    assert (answer.status_code, answer.json()["code"]) == (422, "sequence_not_activatable")
    assert len((await cadences.ok("GET", f"/sequences/{made['id']}"))["actions"]) == 2


async def test_names_are_unique_until_the_sequence_is_deleted(cadences: Cadences) -> None:
    made = await cadences.make("one")
    taken = await cadences.http.post("/v1/sequences", json=a_sequence("one"))
    await cadences.ok("DELETE", f"/sequences/{made['id']}", 204)

    assert (taken.status_code, taken.json()["code"]) == (409, "sequence_name_taken")
    await cadences.make("one")
    gone = await cadences.http.get(f"/v1/sequences/{made['id']}")
    assert (gone.status_code, gone.json()["code"]) == (404, "sequence_not_found")


async def test_if_match_is_honoured(cadences: Cadences) -> None:
    made = await cadences.make()
    path, stale = f"/v1/sequences/{made['id']}", {"If-Match": '"7"'}

    changed = await cadences.http.patch(path, json={"description": "x"}, headers=stale)
    deleted = await cadences.http.delete(path, headers=stale)

    assert (changed.status_code, deleted.status_code) == (412, 412)


async def test_with_participants_actions_may_say_something_else_but_stay_the_same(
    cadences: Cadences,
) -> None:
    made = await cadences.active()
    await cadences.put_in(made, await cadences.person())
    email, call = (
        {key: action[key] for key in ("id", "type", "automatic")} for action in made["actions"]
    )
    new = {"subject": "New", "body": "New"}

    moved = await cadences.http.patch(
        f"/v1/sequences/{made['id']}", json={"actions": [call, email]}
    )
    changed = await cadences.ok(
        "PATCH",
        f"/sequences/{made['id']}",
        json={"actions": [email | {"template": new}, call | {"criteria": OLD_ENOUGH}]},
    )
    await cadences.advance("PT30M")

    assert (moved.status_code, moved.json()["code"]) == (409, "sequence_has_participants")
    assert changed["actions"][1]["criteria"] == OLD_ENOUGH
    (mail,) = await cadences.mailbox()
    assert mail["subject"] == "New"


async def test_without_participants_actions_come_go_and_move(cadences: Cadences) -> None:
    made = await cadences.make()
    email, call = made["actions"]
    kept = {key: call[key] for key in ("id", "type", "delay")}

    changed = await cadences.ok(
        "PATCH", f"/sequences/{made['id']}", json={"actions": [kept, {"type": "task"}]}
    )

    assert [action["type"] for action in changed["actions"]] == ["call", "task"]
    assert changed["actions"][0]["id"] == call["id"]
    assert email["id"] not in {action["id"] for action in changed["actions"]}


async def test_a_deleted_sequence_lets_everybody_leave(cadences: Cadences) -> None:
    made = await cadences.active()
    (result,) = await cadences.put_in(made, await cadences.person())

    await cadences.ok("DELETE", f"/sequences/{made['id']}", 204)
    await cadences.advance("PT1H")

    assert await cadences.mailbox() == []
    told = await cadences.told("participant.exited")
    assert [(event["participant_id"], event["reason"]) for event in told] == [
        (result["id"], "sequence_deleted")
    ]


async def test_whoever_is_in_an_inactive_sequence_waits_and_then_goes_on(
    cadences: Cadences,
) -> None:
    made = await cadences.active()
    (result,) = await cadences.put_in(made, await cadences.person())
    await cadences.ok("POST", f"/sequences/{made['id']}/deactivate")
    await cadences.advance("PT2H")
    waiting = await cadences.steps(made, result["id"])
    await cadences.ok("POST", f"/sequences/{made['id']}/activate")

    await cadences.advance("PT30M")

    assert [step["status"] for step in waiting] == ["upcoming", "upcoming"]
    assert len(await cadences.mailbox()) == 1
