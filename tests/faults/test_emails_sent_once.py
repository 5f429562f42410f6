"""E-mails of a batch whose worker is killed again and again, and of one whose server is in the way.

Each leaves once or never; of each that never left there is a row that says why.
"""

import os
import signal
from collections import Counter
from typing import Any

import pytest

from tests.faults.ground import Stand
from tests.faults.processes import until, until_stopped
from tests.faults.services import kill_there, worker
from tests.mail.making import SENDER, MailServer, mail_server
from tests.ports import free_port

EMAILS = int(os.environ.get("CADENCE_EMAILS", "600"))
AT_ONCE = 8
_PEOPLE = """
INSERT INTO people (account_id, id, kind, email, email_folded, score, opted_out, email_opted_out,
                    sms_opted_out, version, created_at, updated_at)
SELECT a.id, gen_random_uuid(), 'lead', 'p' || n || '@example.com', 'p' || n || '@example.com', 0,
       false, false, false, 1, now(), now()
  FROM accounts a, generate_series(1, {n}) n WHERE a.name = 'acme'
"""
_OVER = "SELECT count(*) FROM runs WHERE kind = 'batch' AND state LIKE 'succeeded%'"
_ATTEMPTED = "SELECT count(*) FROM participant_actions WHERE attempted_at IS NOT NULL"
_OUTCOMES = """
SELECT p.email, a.status, a.deferral_reason
  FROM participant_actions a JOIN people p ON p.account_id = a.account_id AND p.id = a.person_id
"""


def reaching(server: MailServer, **fields: str) -> dict[str, str]:
    """Settings of a worker that sends there."""
    return {
        "PENSTOCK_SANDBOX": "true",
        "PENSTOCK_SMTP__HOST": "127.0.0.1",
        "PENSTOCK_SMTP__PORT": str(server.port),
        "PENSTOCK_SMTP__SECURITY": "none",
        "PENSTOCK_SMTP__FROM_ADDRESS": SENDER,
        "PENSTOCK_SMTP__AT_ONCE": str(AT_ONCE),
        "PENSTOCK_SMTP__TIMEOUT": "PT4M",
        **fields,
    }


async def everybody_is_due(stand: Stand, people: int) -> str:
    """So many leads in an active sequence, whose e-mail is due; returns the sequence.

    Its batch comes by when it is forced to, and not with the half-hour that passes meanwhile.
    """
    await stand.fetch(_PEOPLE.format(n=people))
    paused = await stand.http.patch("/v1/batches/lead", json={"is_paused": True})
    assert paused.is_success, paused.text
    sequence = await done(
        stand,
        "/v1/sequences",
        name="hello",
        object="lead",
        actions=[
            {
                "type": "email",
                "automatic": True,
                "template": {"subject": "Hello", "body": "Hello {{person.email}}."},
            }
        ],
    )
    await done(stand, f"/v1/sequences/{sequence['id']}/activate")
    everybody = {"field": "person.email", "op": "is_not_empty"}
    path = f"/v1/sequences/{sequence['id']}/participants"
    put_in = await done(stand, path, criteria=everybody)
    assert put_in["summary"]["created"] == people
    return str(sequence["id"])


async def done(stand: Stand, path: str, **body: Any) -> dict[str, Any]:
    answer = await stand.http.post(path, json=body or None, timeout=60)
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_whoever_is_killed_when_no_email_leaves_twice(stand: Stand) -> None:
    await everybody_is_due(stand, EMAILS)
    async with mail_server() as server:
        hand = worker(stand.processes, **reaching(server))
        await hand.start()
        await done(stand, "/v1/batches/lead/force")
        for quarter in (1, 2, 3):
            server.most = quarter * EMAILS // 4

            async def has_come_so_far() -> bool:
                return server.is_full

            await until(has_come_so_far, seconds=600)
            await kill_there(stand, hand)
        server.most = None

        async def is_over() -> bool:
            return await stand.count(_OVER) == 1

        await until(is_over, seconds=600)
        await hand.end()
        arrived = Counter(server.recipients)

    outcomes = {row["email"]: row["deferral_reason"] for row in await stand.fetch(_OUTCOMES)}
    missing = {email for email in outcomes if email not in arrived}
    in_flight = {email for email, reason in outcomes.items() if reason}
    assert hand.endings[:3] == [-signal.SIGKILL] * 3
    assert len(outcomes) == EMAILS
    assert [email for email, times in arrived.items() if times > 1] == []
    assert missing <= in_flight
    assert len(in_flight) <= 3 * AT_ONCE
    assert {outcomes[email] for email in in_flight} <= {"PREVIOUSLY_ATTEMPTED_EMAIL"}


async def test_while_the_server_is_down_nothing_is_lost_and_nothing_is_tried_for_ever(
    stand: Stand,
) -> None:
    await everybody_is_due(stand, 40)
    port = free_port()
    away = MailServer(port=port)
    hand = worker(stand.processes, **reaching(away))
    await hand.start()
    await done(stand, "/v1/batches/lead/force")

    async def is_over(times: int) -> bool:
        return await stand.count(_OVER) == times

    await until(lambda: is_over(1))
    (run,) = await stand.fetch("SELECT state, details FROM runs WHERE kind = 'batch'")
    waiting = await stand.fetch(_OUTCOMES)
    async with mail_server(port=port) as server:
        await done(stand, "/v1/batches/lead/force")
        await until(lambda: is_over(2))
        arrived = Counter(server.recipients)
    await hand.end()

    assert run["state"] == "succeeded_with_warnings"
    assert {row["status"] for row in waiting} == {"sending_soon"}
    assert len(arrived) == 40
    assert set(arrived.values()) == {1}


async def test_an_address_that_is_refused_or_takes_for_ever_keeps_nobody_else_from_theirs(
    stand: Stand,
) -> None:
    await everybody_is_due(stand, 20)
    async with mail_server() as server:
        server.refuses["p7@example.com"] = "550 no such person"
        server.silent_for.add("p9@example.com")
        # Longer than a lease: nobody takes the run over while its worker waits.
        slow = {"PENSTOCK_SCORING__LEASE": "PT3S", "PENSTOCK_SMTP__TIMEOUT": "PT5S"}
        hand = worker(stand.processes, **reaching(server, **slow))
        await hand.start()
        await done(stand, "/v1/batches/lead/force")

        async def is_over() -> bool:
            return await stand.count(_OVER) == 1

        await until(is_over)
        await hand.end()

    rows = await stand.fetch(_OUTCOMES)
    outcomes = {row["email"]: (row["status"], row["deferral_reason"]) for row in rows}
    assert len(server.mails) == 18
    assert outcomes.pop("p7@example.com") == ("not_actionable", None)
    lost = ("auto_skipped", "PREVIOUSLY_ATTEMPTED_EMAIL")
    assert outcomes.pop("p9@example.com") == lost
    assert set(outcomes.values()) == {("initiated", None)}


@pytest.mark.parametrize(
    ("meanwhile", "status", "reason"),
    [
        ("opt_out", "auto_skipped", "OPTED_OUT"),
        ("convert", "not_actionable", None),
        ("delete", "not_actionable", None),
    ],
)
async def test_what_happens_between_the_claim_and_the_sending_wins(
    stand: Stand, meanwhile: str, status: str, reason: str | None
) -> None:
    sequence_id = await everybody_is_due(stand, 1)
    async with mail_server() as server:
        armed = {"PENSTOCK_FAILPOINT": "batch_attempt.after_commit:1:stop"}
        hand = worker(stand.processes, **reaching(server, PENSTOCK_SCORING__LEASE="PT60S"))
        await hand.start(**armed)
        await done(stand, "/v1/batches/lead/force")

        assert hand.process is not None
        await until_stopped(hand.process)
        assert await stand.count(_ATTEMPTED) == 1
        (person,) = await stand.fetch("SELECT id FROM people")
        match meanwhile:
            case "opt_out":
                path = f"/v1/people/{person['id']}"
                answer = await stand.http.patch(path, json={"opted_out": True})
            case "convert":
                answer = await stand.http.post(f"/v1/people/{person['id']}/convert")
            case _:
                answer = await stand.http.delete(f"/v1/sequences/{sequence_id}")
        assert answer.is_success, answer.text
        hand.send(signal.SIGCONT)

        async def is_over(times: int) -> bool:
            return await stand.count(_OVER) == times

        await until(lambda: is_over(1))
        if meanwhile == "convert":
            # Who was converted leaves in the next run, and the e-mail with them.
            await done(stand, "/v1/batches/lead/force")
            await until(lambda: is_over(2))
        await hand.end()

    (outcome,) = await stand.fetch(_OUTCOMES)
    assert server.mails == []
    assert (outcome["status"], outcome["deferral_reason"]) == (status, reason)
