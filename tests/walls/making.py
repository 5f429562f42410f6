"""An account with one of everything in it, and marks by which each text of it is known again."""

from typing import Any
from uuid import UUID

import asyncpg
import httpx

from app.core import clock
from app.core.failpoints import Purpose
from app.core.ids import uuid7
from app.core.resources import Resources
from app.imports.staging import Staging
from app.jobs.attempts import messages
from app.models.states import ResponseStatus
from app.notifications.mailing import Attachment
from app.responses import counters
from app.runs import queue
from app.runs.logs.packing import Level, Line, pack
from app.runs.logs.queries import add_chunk
from tests.exports.making import write
from tests.fires.making import HOUR, every, next_hour, plan_at
from tests.jobs.making import add_version, make_it_noon
from tests.mail.making import a_letter, posted
from tests.responses.engine_making import QUALIFYING, configure
from tests.responses.test_poison_rows import poison
from tests.walls.cadences import put_into_sequences
from tests.walls.grouping import put_into_groups
from tests.walls.owner import Owner
from workers.deliveries import deliver_due
from workers.fires import settle_overdue
from workers.mail import settle_mail
from workers.sweep import settle
from workers.work import Work

__all__ = ["Owner", "furnish", "listed"]

Json = dict[str, Any]


async def furnish(owner: Owner, resources: Resources, database_url: str) -> Owner:
    """Fill an account: whatever can be made is made, and every text is a mark.

    Its day is far from over, so that what is counted by days is counted alike in every account.
    """
    await make_it_noon(resources, owner.tenant)
    campaign = await owner.post("campaigns", _campaign(owner))
    await owner.post("campaigns", _campaign(owner))
    await _rules(owner)
    person = await owner.post("people", _person(owner))
    await _deals(owner, person)
    await _integration(owner, campaign)
    await _mail(owner, resources)
    key = await owner.post("api-keys", {"user": owner.text(), "scopes": ["read"]})
    await owner.post(f"api-keys/{key['api_key']['id']}/rotate")
    await _responses(owner, resources, database_url, campaign)
    await _export(owner, resources, campaign)
    await _uploads(owner, resources, campaign)
    await _jobs(owner, resources, campaign)
    await put_into_sequences(owner, resources, person)
    # What is due would be done as others settle theirs.
    await settle_overdue(Work(resources))
    await settle_mail(Work(resources))
    await _webhooks(owner, resources, database_url)
    return owner


def _campaign(owner: Owner) -> Json:
    sent, responded = owner.text(), owner.text()
    return {
        "code": owner.text(),
        "name": owner.text(),
        "member_statuses": [
            {"name": sent, "responded": False, "step": 1},
            {"name": responded, "responded": True, "step": 2},
        ],
        "owners": [owner.text()],
        "auto_launch": {"type": "daily", "at": ["02:30"], "grace": "PT9H"},
        "attributes": {owner.text(): owner.text()},
    }


def _person(owner: Owner) -> Json:
    texts = (
        *("external_id", "first_name", "last_name", "title", "company"),
        *("phone", "country", "industry", "lead_source", "owner"),
    )
    return {
        "email": owner.email(),
        "attributes": {owner.text(): {owner.text(): [owner.text()]}},
        **{name: owner.text() for name in texts},
    }


async def _rules(owner: Owner) -> None:
    rule = {
        "name": owner.text(),
        "points": 5,
        "criteria": {"field": "person.title", "op": "contains", "value": owner.text()},
    }
    for _ in range(2):
        rules = {"name": owner.text(), "rules": [rule]}
        made = await owner.post("scoring/rulesets", rules)
    await owner.post(f"scoring/rulesets/{made['id']}/activate")


async def _deals(owner: Owner, person: Json) -> None:
    for _ in range(2):
        deal = {"external_id": owner.text(), "name": owner.text(), "amount": "120000.00"}
        made = await owner.post("opportunities", deal)
        contacts = [{"person_id": person["id"], "role": owner.text()}]
        await owner.put(f"opportunities/{made['id']}/contacts", {"contacts": contacts})


async def _integration(owner: Owner, campaign: Json) -> None:
    mapping = {
        "campaign": {"value": campaign["code"]},
        "person.email": {"field": owner.text()},
        "attributes.page": {"value": owner.text()},
        "attributes.place": {"field": owner.text(), "default": owner.text()},
    }
    await owner.put(f"integrations/{owner.text()}", {"mapping": mapping})


async def _mail(owner: Owner, resources: Resources) -> None:
    """Who is told of what; an e-mail, which whoever settles puts into the mailbox."""
    await owner.put("alert-policy", {"emails": [owner.email()], "on": ["failure", "success"]})
    letter = a_letter(
        owner.email(),
        subject=owner.text(),
        text=owner.text(),
        html=owner.text(),
        attachments=[Attachment(owner.text(), owner.text().encode())],
    )
    await posted(resources, owner.tenant, letter)
    await posted(resources, owner.tenant, a_letter(owner.email()), later=9_000 * HOUR)


async def _responses(owner: Owner, resources: Resources, database_url: str, campaign: Json) -> None:
    """One resolved, one set aside, some that wait for a better score, one in an open window."""
    http, work = owner.tenant.http, Work(resources)

    def item(**fields: Any) -> Json:
        told = {"external_id": owner.text(), "attributes": {owner.text(): owner.text()}}
        return told | {"campaign": campaign["code"], "person": _person(owner)} | fields

    repeated = {"Idempotency-Key": owner.text()}
    await owner.post("responses", item(response_prompt=True), **repeated)
    await configure(
        http,
        evaluate_score_immediately=False,
        evaluate_score_asynchronously=True,
        async_users=[{"user": owner.tenant.caller.user}, {"user": owner.text()}],
        score_grace="P1D",
        owners=[owner.text()],
        reactivation={"default_campaign": campaign["code"]},
    )
    batch = {"responses": [item(), item(), item(score=QUALIFYING)]}
    bad = (await owner.post("responses/batch", batch))["results"][-1]
    async with poison(database_url, bad, status=ResponseStatus.PENDING_TQR):
        await settle(work)
    async with resources.unit_of_work(owner.tenant.account_id) as session:
        await counters.fold(session, owner.tenant.account_id)
    await owner.post("responses", item())
    (window,) = await listed(http, "/v1/windows")
    await owner.post(f"windows/{window['id']}/flush")
    await settle(work)
    await owner.post("responses", item())


async def _export(owner: Owner, resources: Resources, campaign: Json) -> None:
    """A run that has left a file."""
    columns = ["id", "person.email", f"attributes.{owner.text()}"]
    wanted = {"object": "responses", "campaign": campaign["code"], "columns": columns}
    await write(resources, owner.tenant, await owner.post("exports", wanted))


async def _uploads(owner: Owner, resources: Resources, campaign: Json) -> None:
    """One that is open, one whose rows wait for their lanes."""
    order = {
        "object": "responses",
        "campaign": campaign["code"],
        "mapping": {owner.text(): "external_id", owner.text(): None},
        "source": {"url": "https://example.com/", "headers": {"X-Token": owner.text()}},
    }
    await owner.post("uploads", order)
    path = f"imports?object=responses&campaign={campaign['code']}"
    content = f"external_id,email\n{owner.text()},{owner.email()}\n".encode()
    repeated = {"Idempotency-Key": owner.text(), "Content-Type": "text/csv"}
    answer = await owner.tenant.http.post(f"/v1/{path}", content=content, headers=repeated)
    assert answer.status_code == 202, answer.text
    run_id = UUID(answer.json()["run_id"])
    async with resources.line() as line:
        lease = resources.settings.scoring.lease
        purpose = Purpose.RUN_CLAIM
        async with line.unit_of_work(owner.tenant.account_id, purpose=purpose) as tx:
            claimed = await queue.claim(
                tx, owner.tenant.account_id, run_id, holder="furnish", lease=lease, places=2
            )
        assert claimed is not None
        await Staging(resources, line, claimed, is_stopping=lambda: False).read()


async def _jobs(owner: Owner, resources: Resources, campaign: Json) -> None:
    """One that fetches a file, one of code; the second is at work."""
    alert = {"emails": [owner.email()]}
    source = {"url": f"https://example.com/{owner.text()}", "headers": {"X-Token": owner.text()}}
    config = {
        "object": "responses",
        "campaign": campaign["code"],
        "mapping": {owner.text(): None},
        "source": source,
    }
    told = {"description": owner.text(), "alert": alert, "ad_hoc": True, "never_expires": True}
    fetching = await owner.post(
        "jobs", {"name": owner.text(), "kind": "import", "config": config, **told}
    )
    await owner.post(f"jobs/{fetching['id']}/publish")
    job = await owner.post("jobs", {"name": owner.text(), "kind": "code", **told})
    values = {owner.text(): owner.text()}
    secrets = {owner.text(): owner.text()}
    await owner.put(f"jobs/{job['id']}/variables", {"variables": values, "secrets": secrets})
    for number in (1, 2):
        texts = {name: owner.text() for name in ("sha256", "stored_as", "entry", "note")}
        await add_version(resources, owner.tenant, job, number, **texts, layer_id=owner.text())
    await owner.post(f"jobs/{job['id']}/versions/1/activate")
    await owner.post(f"jobs/{job['id']}/publish")
    await _code_run(owner, resources, job)
    await _fires(owner, resources, told)
    await put_into_groups(owner, resources, campaign, told, [fetching["id"], job["id"]])


async def _fires(owner: Owner, resources: Resources, told: Json) -> None:
    """A job with a schedule, of which one moment was skipped and one has run."""
    first = await next_hour(resources, owner.tenant)
    config = {"object": "people", "columns": [f"attributes.{owner.text()}"]}
    ends = {"never_expires": False, "expires_at": (first + 9_000 * HOUR).isoformat()}
    job = {"name": owner.text(), "kind": "export", "config": config, **told, **ends}
    made = await owner.post("jobs", job | {"schedule": every("PT1H", first)})
    await owner.post(f"jobs/{made['id']}/publish")
    await owner.post(f"jobs/{made['id']}/skip", {"count": 1, "reason": owner.text()})
    for hours in range(2):
        await plan_at(resources, owner.tenant, first + hours * HOUR, made)


async def _webhooks(owner: Owner, resources: Resources, database_url: str) -> None:
    """Two endpoints that nobody answers for; deliveries to one have failed and wait for years."""
    for _ in range(2):
        url = f"https://{owner.text()}.invalid/{owner.text()}"
        told = {"url": url, "description": owner.text()}
        made = (await owner.post("webhook-endpoints", told))["webhook_endpoint"]
    await owner.post(f"webhook-endpoints/{made['id']}/rotate-secret")
    for _ in range(2):
        await owner.post(f"webhook-endpoints/{made['id']}/test")
    await deliver_due(Work(resources))
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute(
            "UPDATE pending_deliveries SET due_at = due_at + interval '9 years'"
            " WHERE account_id = $1",
            owner.tenant.account_id,
        )
    finally:
        await connection.close()


async def _code_run(owner: Owner, resources: Resources, job: Json) -> None:
    """A run of code that is at work: it has said something, and wants something sent."""
    run = await owner.post(f"jobs/{job['id']}/runs", {"body": owner.text()})
    account_id, run_id = owner.tenant.account_id, UUID(run["id"])
    line = Line(clock.real_now(), Level.INFO, owner.text(), fields={owner.text(): owner.text()})
    message = {"id": uuid7(), "type": "Success", "is_html": False, "subject": owner.text()}
    message |= {"body": owner.text(), "attachments": [{"name": owner.text(), "content": ""}]}
    async with resources.unit_of_work(account_id, purpose=Purpose.RUN_CLAIM) as session:
        lease = resources.settings.scoring.lease
        place = (session, account_id, run_id)
        assert await queue.claim(*place, holder="furnish", lease=lease, places=2) is not None
        await add_chunk(*place, pack([line]))
        await messages.add(*place, message, most=3)


async def listed(http: httpx.AsyncClient, collection: str) -> list[Json]:
    """Everything that a list shows."""
    answer = await http.get(collection, params={"limit": 1000})
    assert answer.status_code == 200, answer.text
    items: list[Json] = answer.json()["items"]
    return items
