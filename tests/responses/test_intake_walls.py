"""Another account's campaigns, people and responses do not exist; scopes say what a key may do."""

import httpx
import pytest

from app.core.auth import Scope
from app.core.ids import uuid7
from tests.campaigns.making import make_campaign, pointers_of
from tests.conftest import MakeTenant
from tests.people.making import upsert
from tests.responses.intake_making import (
    ADA,
    MANY,
    ONE,
    a_campaign,
    item,
    listed,
    people,
    post,
    post_all,
    refusal,
    results_of,
    take,
    take_all,
)

SCOPES = [scope for scope in Scope if scope is not Scope.PLATFORM]


async def test_another_accounts_campaign_and_person_are_unknown(make_tenant: MakeTenant) -> None:
    mine, theirs = await make_tenant(), await make_tenant()
    campaign = await a_campaign(mine.http)
    foreign = await make_campaign(theirs.http)
    person = await upsert(theirs.http, email=ADA, external_id="crm-1", title="VP")

    for name in (foreign["id"], foreign["code"]):
        assert (await refusal(mine.http, item(name)))[0] == "campaign_not_found"
    whom = {"id": person["id"], "title": "CEO"}
    assert (await refusal(mine.http, item(campaign, whom)))[0] == "person_not_found"
    found = await take_all(mine.http, [item(foreign["id"]), item(campaign, whom)])

    assert results_of(found) == ["rejected: campaign_not_found", "rejected: person_not_found"]
    assert (await theirs.http.get(f"/v1/people/{person['id']}")).json()["title"] == "VP"
    assert await people(mine.http) == await listed(theirs.http) == []


async def test_the_same_identities_are_other_people_in_another_account(
    make_tenant: MakeTenant,
) -> None:
    mine, theirs = await make_tenant(), await make_tenant()
    for tenant in (mine, theirs):
        await a_campaign(tenant.http, code="spring")
    whom = {"email": ADA, "external_id": "crm-1"}

    for tenant in (mine, theirs):
        assert (await take(tenant.http, item("spring", whom)))["result"] == "created"

    assert (await people(mine.http))[0]["id"] != (await people(theirs.http))[0]["id"]


async def test_another_accounts_responses_are_not_found(make_tenant: MakeTenant) -> None:
    mine, theirs = await make_tenant(), await make_tenant()
    taken = await take(theirs.http, item(await a_campaign(theirs.http)))
    (record,) = await listed(theirs.http)

    for path in (f"{ONE}/{taken['id']}", f"{ONE}/{taken['id']}/score"):
        answer = await mine.http.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "response_not_found")
    assert await listed(mine.http) == []
    assert await listed(mine.http, campaign=record["campaign_id"]) == []
    assert await listed(mine.http, person=record["person_id"]) == []


@pytest.mark.parametrize("scope", SCOPES)
async def test_intake_needs_ingest_and_reading_needs_read(
    make_tenant: MakeTenant, scope: Scope
) -> None:
    http = (await make_tenant(scope)).http

    sent = [
        await post(http, item("spring")),
        await post_all(http, [item("spring")]),
        await http.post("/v1/integrations/marketo/responses", json={}),
    ]
    read = [await http.get(ONE), await http.get(f"{ONE}/{uuid7()}")]

    assert [is_refused(answer) for answer in sent] == [scope is not Scope.INGEST] * 3
    assert [is_refused(answer) for answer in read] == [scope is not Scope.READ] * 2


def is_refused(answer: httpx.Response) -> bool:
    if answer.status_code == 403:
        assert answer.json()["code"] == "missing_scope"
    return answer.status_code == 403


async def test_the_installations_key_takes_nothing_in(make_tenant: MakeTenant) -> None:
    platform = await make_tenant(platform=True)

    assert is_refused(await post(platform.http, item("spring")))


@pytest.mark.parametrize("path", [ONE, MANY, "/v1/integrations/marketo/responses"])
async def test_without_a_live_key_nothing_is_read(anonymous: httpx.AsyncClient, path: str) -> None:
    for headers, code in (({}, "key_missing"), ({"Authorization": "Bearer pk_x"}, "key_invalid")):
        answer = await anonymous.post(path, content=b"{", headers=headers)

        assert (answer.status_code, answer.json()["code"]) == (401, code)
        assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("params", [{}, {"status": "Not a Response"}])
async def test_a_cursor_of_another_account_or_list_is_refused(
    make_tenant: MakeTenant, params: dict[str, str]
) -> None:
    mine, theirs = await make_tenant(), await make_tenant()
    campaign = await a_campaign(theirs.http)
    await take_all(
        theirs.http, [item(campaign, f"p{n}@example.com", member_status="Sent") for n in range(2)]
    )
    page = (await theirs.http.get(ONE, params=params | {"limit": 1})).json()
    other = {} if params else {"status": "Not a Response"}

    for http, filters in ((mine.http, params), (theirs.http, other)):
        answer = await http.get(ONE, params=filters | {"cursor": page["next_cursor"]})

        assert (answer.status_code, answer.json()["code"]) == (422, "bad_cursor")
        assert pointers_of(answer) == [("?cursor", "bad_cursor")]
