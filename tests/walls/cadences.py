"""Sequences of an account, somebody in them, an e-mail about to leave, a call on Today."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from app.core import clock
from app.core.ids import uuid7
from app.core.resources import Resources
from app.sequences import queries
from app.sequences.steps import due
from tests.walls.owner import Owner

Json = dict[str, Any]


async def put_into_sequences(owner: Owner, resources: Resources, person: Json) -> None:
    """One sequence at its e-mail, two at what is shown on Today and one at what is to come.

    None stays active: their batch would come by while others are tried.
    """
    email = {
        "type": "email",
        "automatic": True,
        "template": {"subject": owner.text(), "body": owner.text()},
    }
    criteria = {"field": "person.title", "op": "is_not_empty"}
    await _handled(owner, resources, person, [email])
    for type_ in ("call", "sms"):
        await _handled(owner, resources, person, [{"type": type_, "criteria": criteria}])
    made = await _made(owner, person, [{"type": "task", "delay": "P1D"}])
    await owner.post(f"sequences/{made['id']}/deactivate")


async def _handled(owner: Owner, resources: Resources, person: Json, actions: list[Json]) -> None:
    made = await _made(owner, person, actions)
    account_id, sequence_id = owner.tenant.account_id, UUID(made["id"])
    async with resources.unit_of_work(account_id) as session:
        now = clock.business_now(session) + timedelta(seconds=1)
        sequence = await queries.get_sequence(session, account_id, sequence_id)
        steps = (await queries.list_actions(session, account_id, [sequence_id]))[sequence_id]
        await due.handle(
            session, sequence, steps, run_id=uuid7(), after=None, until=now, most=10, now=now
        )
    await owner.post(f"sequences/{made['id']}/deactivate")


async def _made(owner: Owner, person: Json, actions: list[Json]) -> Json:
    sequence = {
        "name": owner.text(),
        "description": owner.text(),
        "object": "lead",
        "entrance": {"not": {"field": "person.title", "op": "equals", "value": owner.text()}},
        "actions": actions,
    }
    made = await owner.post("sequences", sequence)
    await owner.post(f"sequences/{made['id']}/activate")
    wanted = {"participants": [{"person": person["id"]}]}
    await owner.post(f"sequences/{made['id']}/participants", wanted)
    return made
