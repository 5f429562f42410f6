"""Who comes into a sequence, who does not and why; each of the four kinds of objects."""

import asyncio
from uuid import UUID

from app.core.driver import driver_of
from tests.sequences.making import CALL, OLD_ENOUGH, Cadences, Json

_ALL_BUT_TWO = """
WITH new AS (
    INSERT INTO people (account_id, id, kind, external_id, score, opted_out, email_opted_out,
                        sms_opted_out, version, created_at, updated_at)
    SELECT $1, gen_random_uuid(), 'lead', 'p' || n, 0, false, false, false, 1, now(), now()
      FROM generate_series(1, 19998) n RETURNING id)
INSERT INTO participations (account_id, id, sequence_id, object, object_id, person_id, state,
                            enrolled_at)
SELECT $1, gen_random_uuid(), $2, 'lead', id, id, 'active', now() FROM new
"""
CALL_NOW: Json = {"type": "call"}


async def results(
    cadences: Cadences, sequence: Json, *wanted: Json
) -> list[tuple[str, str | None]]:
    path = f"/sequences/{sequence['id']}/participants"
    found = await cadences.ok("POST", path, json={"participants": list(wanted)})
    return [(one["result"], one["reason"]) for one in found["results"]]


async def test_each_has_its_own_result_and_keeps_nobody_out(cadences: Cadences) -> None:
    sequence = await cadences.active(entrance=OLD_ENOUGH)
    await cadences.person("good@example.com", score=80, external_id="x1")
    await cadences.person("poor@example.com", score=10)
    await cadences.person("out@example.com", score=80, opted_out=True)
    await cadences.person("contact@example.com", score=80, kind="contact")

    found = await results(
        cadences,
        sequence,
        {"email": "GOOD@example.com"},
        {"external_id": "x1"},
        {"email": "poor@example.com"},
        {"email": "out@example.com"},
        {"email": "contact@example.com"},
        {"email": "nobody@example.com"},
        {},
    )
    again = await results(cadences, sequence, {"external_id": "x1"})

    assert found == [
        ("created", None),
        ("duplicate", None),
        ("skipped", "entrance_criteria"),
        ("skipped", "opted_out"),
        ("skipped", "wrong_object"),
        ("rejected", "not_found"),
        ("rejected", "without_identity"),
    ]
    assert again == [("duplicate", None)]


async def test_the_same_one_added_by_many_at_once_comes_in_once(cadences: Cadences) -> None:
    sequence = await cadences.active()
    ada = await cadences.person()
    path, body = (
        f"/v1/sequences/{sequence['id']}/participants",
        {"participants": [{"person": ada["id"]}]},
    )

    answers = await asyncio.gather(*(cadences.http.post(path, json=body) for _ in range(8)))

    found = [answer.json()["results"][0] for answer in answers]
    assert sorted(one["result"] for one in found) == ["created", *["duplicate"] * 7]
    assert len({one["id"] for one in found}) == 1
    assert len(await cadences.participants(sequence)) == 1


async def test_who_has_left_comes_in_again_only_where_one_may(cadences: Cadences) -> None:
    once = await cadences.active("once", actions=[CALL])
    often = await cadences.active("often", actions=[CALL], may_reenter=True)
    ada = await cadences.person()
    for sequence in (once, often):
        (result,) = await cadences.put_in(sequence, ada)
        path = f"/sequences/{sequence['id']}/participants/{result['id']}"
        await cadences.ok("DELETE", path, 204)

    assert await results(cadences, once, {"person": ada["id"]}) == [("skipped", "not_again")]
    assert await results(cadences, often, {"person": ada["id"]}) == [("created", None)]


async def test_a_sequence_holds_twenty_thousand(cadences: Cadences) -> None:
    sequence = await cadences.active(actions=[CALL])
    account_id = cadences.tenant.account_id
    async with cadences.resources.unit_of_work(account_id) as session:
        await (await driver_of(session)).execute(_ALL_BUT_TWO, account_id, UUID(sequence["id"]))
    for number in range(3):
        await cadences.person(f"late-{number}@example.com", score=80)

    path = f"/sequences/{sequence['id']}/participants"
    found = await cadences.ok("POST", path, json={"criteria": OLD_ENOUGH})
    ada = await cadences.person()

    assert (found["summary"]["created"], found["summary"]["skipped"]) == (2, 1)
    assert await results(cadences, sequence, {"person": ada["id"]}) == [
        ("skipped", "sequence_full")
    ]


async def test_contacts_have_a_batch_of_their_own(cadences: Cadences) -> None:
    sequence = await cadences.active(object="contact", actions=[CALL_NOW])
    cleo = await cadences.person(kind="contact")
    await cadences.put_in(sequence, cleo)

    await cadences.advance("PT30M")

    assert [item["person_id"] for item in await cadences.today()] == [cleo["id"]]
    (run,) = await cadences.runs("contact")
    assert run["details"]["steps"] == {"actions": {"on_engage": 1}}


async def test_campaign_members_take_part_by_their_responses(cadences: Cadences) -> None:
    await cadences.ok("POST", "/campaigns", 201, json={"code": "fair", "name": "Fair"})
    sequence = await cadences.active(
        object="campaign_member",
        enrolment="automatic",
        entrance={
            "all": [
                {"field": "campaign.code", "op": "equals", "value": "fair"},
                {"field": "response.member_status", "op": "equals", "value": "Responded"},
            ]
        },
        actions=[
            {
                "type": "email",
                "automatic": True,
                "template": {"subject": "{{campaign.name}}", "body": "{{response.member_status}}"},
            }
        ],
    )
    item = {"campaign": "fair", "person": {"email": "ada@example.com"}}
    answer = await cadences.http.post("/v1/responses", json=item)
    await cadences.http.post(
        "/v1/responses",
        json={"campaign": "fair", "person": {"email": "b@example.com"}, "member_status": "Sent"},
    )

    await cadences.advance("PT30M")

    (participant,) = await cadences.participants(sequence)
    assert participant["object_id"] == answer.json()["id"]
    (mail,) = await cadences.mailbox()
    assert (mail["to"], mail["subject"]) == ("ada@example.com", "Fair")
    assert "Responded" in mail["text"]


async def test_opportunities_take_part_by_their_contacts(cadences: Cadences) -> None:
    ada, bob = await cadences.person(), await cadences.person("bob@example.com")
    deal = await cadences.ok("POST", "/opportunities", 201, json={"name": "Deal"})
    contacts = {"contacts": [{"person_id": ada["id"]}]}
    await cadences.ok("PUT", f"/opportunities/{deal['id']}/contacts", json=contacts)
    sequence = await cadences.active(object="opportunity", actions=[CALL_NOW])

    found = await results(
        cadences,
        sequence,
        {"opportunity": deal["id"], "person": ada["id"]},
        {"opportunity": deal["id"], "person": bob["id"]},
        {"person": ada["id"]},
    )
    await cadences.advance("PT30M")

    assert found == [("created", None), ("rejected", "not_found"), ("rejected", "not_found")]
    assert [item["person_id"] for item in await cadences.today()] == [ada["id"]]
    assert len(await cadences.runs("opportunity")) == 1


async def test_criteria_may_look_at_the_deal_and_the_role_in_it(cadences: Cadences) -> None:
    ada, bob = await cadences.person("ada@example.com"), await cadences.person("bob@example.com")
    deals = [
        await cadences.ok("POST", "/opportunities", 201, json={"name": name, "amount": amount})
        for name, amount in (("Small", "900.50"), ("Large", "90000"))
    ]
    roles = [
        {"person_id": ada["id"], "role": "Decision Maker"},
        {"person_id": bob["id"], "role": "user"},
    ]
    for deal in deals:
        await cadences.ok("PUT", f"/opportunities/{deal['id']}/contacts", json={"contacts": roles})
    template = {"subject": "{{opportunity.name}}", "body": "{{opportunity.role}}"}
    sequence = await cadences.active(
        object="opportunity",
        enrolment="automatic",
        entrance={
            "all": [
                {"field": "opportunity.amount", "op": "gt", "value": 1000},
                {"field": "opportunity.role", "op": "equals", "value": "decision maker"},
            ]
        },
        exit={"field": "opportunity.state", "op": "equals", "value": "won"},
        actions=[
            {"type": "email", "automatic": True, "template": template},
            CALL | {"criteria": {"field": "opportunity.amount", "op": "lt", "value": 10}},
        ],
    )

    await cadences.advance("PT30M")
    (participant,) = await cadences.participants(sequence)
    (mail,) = await cadences.mailbox()
    steps = await cadences.steps(sequence, participant["id"])
    why = await cadences.ok("GET", f"/participant-actions/{steps[1]['id']}")
    await cadences.ok("PATCH", f"/opportunities/{deals[1]['id']}", json={"state": "won"})
    await cadences.advance("PT30M")
    (gone,) = await cadences.participants(sequence)

    assert (participant["object_id"], participant["person_id"]) == (deals[1]["id"], ada["id"])
    assert (mail["subject"], mail["text"].strip()) == ("Large", "Decision Maker")
    (test,) = why["explanation"]["tests"]
    assert (test["field"], test["holds"], test["is_empty"]) == ("opportunity.amount", False, False)
    assert gone["exit_reason"] == "exit_criteria"


async def test_only_sequences_of_deals_may_look_at_deals(cadences: Cadences) -> None:
    deal = {"field": "opportunity.amount", "op": "gt", "value": 1000}

    refused = await cadences.http.post(
        "/v1/sequences", json={"name": "a", "object": "lead", "entrance": deal}
    )
    rules = {"name": "a", "rules": [{"name": "a", "criteria": deal, "points": 1}]}
    unscored = await cadences.http.post("/v1/scoring/rulesets", json=rules)

    for answer, pointer in ((refused, "/entrance/field"), (unscored, "/rules/0/criteria/field")):
        assert answer.status_code == 422
        assert [(one["pointer"], one["code"]) for one in answer.json()["errors"]] == [
            (pointer, "not_of_this_object")
        ]
