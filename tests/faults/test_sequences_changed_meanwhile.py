"""Sequences that are changed while a batch is at work on them."""

import signal
from typing import Any

from tests.faults.ground import Stand
from tests.faults.processes import until, until_stopped
from tests.faults.services import Service, worker

_CALL = {"type": "call"}
_HELLO = {"subject": "Hello", "body": "Hello {{person.email}}."}
_EMAIL = {"type": "email", "automatic": True, "template": _HELLO}
_NEVER = {"field": "person.score", "op": "gt", "value": 1_000}
_OVER = "SELECT count(*) FROM runs WHERE kind = 'batch' AND state = 'succeeded'"
_SENDING = "SELECT count(*) FROM participant_actions WHERE status = 'sending_soon'"
_SENT = """
SELECT c.recipient FROM messages m
  JOIN message_copies c ON c.account_id = m.account_id AND c.message_id = m.id
 WHERE m.cause = 'participant_action'
"""
_ENDS = """
SELECT s.name, n.state, n.exit_reason, a.status, a.deferral_reason
  FROM participant_actions a
  JOIN participations n ON n.account_id = a.account_id AND n.id = a.participation_id
  JOIN sequences s ON s.account_id = a.account_id AND s.id = a.sequence_id
"""


async def asked(stand: Stand, method: str, path: str, body: Any = None) -> dict[str, Any]:
    answer = await stand.http.request(method, f"/v1{path}", json=body)
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json() if answer.content else {}
    return found


async def stands_still(hand: Service) -> None:
    assert hand.process is not None
    await until_stopped(hand.process)


async def test_a_batch_goes_by_what_the_sequence_says_when_it_comes_to_it(stand: Stand) -> None:
    ids = {}
    ada = await asked(stand, "POST", "/people", {"email": "ada@example.com"})
    for name in ("deactivated", "deleted", "edited", "as it was"):
        wanted = {"name": name, "object": "lead", "actions": [_CALL]}
        made = await asked(stand, "POST", "/sequences", wanted)
        ids[name] = (made["id"], made["actions"][0]["id"])
        await asked(stand, "POST", f"/sequences/{made['id']}/activate")
        put_in = {"participants": [{"person": ada["id"]}]}
        await asked(stand, "POST", f"/sequences/{made['id']}/participants", put_in)
    hand = worker(stand.processes, PENSTOCK_SANDBOX="true", PENSTOCK_SCORING__LEASE="PT60S")
    # Its sequences are known to it by then, and nothing is done about them yet.
    await hand.start(PENSTOCK_FAILPOINT="batch.after_commit:1:stop")
    await asked(stand, "POST", "/batches/lead/force")
    await stands_still(hand)
    await asked(stand, "POST", f"/sequences/{ids['deactivated'][0]}/deactivate")
    await asked(stand, "DELETE", f"/sequences/{ids['deleted'][0]}")
    sequence_id, action_id = ids["edited"]
    action = {**_CALL, "id": action_id, "criteria": _NEVER, "on_unmet": "skip"}
    await asked(stand, "PATCH", f"/sequences/{sequence_id}", {"actions": [action]})
    hand.send(signal.SIGCONT)

    async def is_over() -> bool:
        return await stand.count(_OVER) == 1

    await until(is_over)
    await hand.end()

    ends = {row["name"]: tuple(row)[1:] for row in await stand.fetch(_ENDS)}
    assert ends == {
        "deactivated": ("active", None, "upcoming", None),
        "deleted": ("exited", "sequence_deleted", "not_actionable", None),
        "edited": ("completed", None, "auto_skipped", "SKIP_CRITERIA"),
        "as it was": ("active", None, "on_engage", None),
    }


async def test_what_a_cancelled_batch_was_about_to_send_is_sent_once_by_the_next(
    stand: Stand,
) -> None:
    wanted = {"name": "hello", "object": "lead", "actions": [_EMAIL]}
    made = await asked(stand, "POST", "/sequences", wanted)
    await asked(stand, "POST", f"/sequences/{made['id']}/activate")
    addresses = [f"p{number}@example.com" for number in range(6)]
    for address in addresses:
        person = await asked(stand, "POST", "/people", {"email": address})
        put_in = {"participants": [{"person": person["id"]}]}
        await asked(stand, "POST", f"/sequences/{made['id']}/participants", put_in)
    hand = worker(stand.processes, PENSTOCK_SANDBOX="true", PENSTOCK_SCORING__LEASE="PT60S")
    # The first few are said to be attempted by then, and none of them has left.
    await hand.start(PENSTOCK_FAILPOINT="batch_attempt.after_commit:1:stop")
    run = await asked(stand, "POST", "/batches/lead/force")
    await stands_still(hand)
    attempted = await stand.count(_SENDING)

    cancelled = await asked(stand, "POST", f"/runs/{run['id']}/cancel", {"reason": "fair"})
    hand.send(signal.SIGCONT)
    await asked(stand, "POST", "/batches/lead/force")

    async def is_over() -> bool:
        return await stand.count(_OVER) == 1

    await until(is_over)
    await hand.end()

    assert attempted > 0
    assert (cancelled["state"], cancelled["cancel_reason"]) == ("cancelled", "fair")
    assert (await asked(stand, "GET", f"/runs/{run['id']}"))["state"] == "cancelled"
    sent = [row["recipient"] for row in await stand.fetch(_SENT)]
    assert sorted(sent) == addresses
