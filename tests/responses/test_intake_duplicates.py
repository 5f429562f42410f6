"""What was taken in before changes nothing."""

import httpx
import pytest

from tests.conftest import MakeTenant
from tests.responses.intake_making import (
    NINE,
    TEN,
    a_campaign,
    item,
    listed,
    person_of,
    post,
    results_of,
    take,
    take_all,
)


async def test_an_external_id_seen_before_is_a_duplicate_with_the_first_responses_id(
    http: httpx.AsyncClient,
) -> None:
    campaign = await a_campaign(http, score=100)
    first = await take(http, item(campaign, external_id="m-1"))

    again = await post(http, item(campaign, external_id="m-1"))

    assert again.status_code == 200
    assert again.json() == {
        "index": 0,
        "external_id": "m-1",
        "id": first["id"],
        "result": "duplicate",
        "reason": None,
        "warnings": [],
        "status": "Open - Not Contacted",
        "errors": [],
    }


async def test_a_duplicate_changes_nothing(http: httpx.AsyncClient) -> None:
    campaign, other = await a_campaign(http), await a_campaign(http)
    who = {"email": "ada@example.com", "title": "VP", "score": 5}
    first = await take(http, item(campaign, who, external_id="m-1", attributes={"a": 1}))
    before = await listed(http), await person_of(http, first)

    changed = {**who, "title": "CEO", "score": 7, "email": "new@example.com"}
    again = await take(http, item(other, changed, external_id="m-1", attributes={"a": 2}))

    assert again["result"] == "duplicate"
    assert (await listed(http), await person_of(http, first)) == before


@pytest.mark.parametrize(
    ("earlier", "sent", "result"),
    [
        ([], "Responded", "created"),
        (["Sent"], "Responded", "updated"),
        (["Responded"], "Responded", "repeat"),
        (["Responded"], "Sent", "skipped: status_not_higher"),
        (["Responded", "Responded"], "Responded", "skipped: repeat_limit"),
    ],
)
async def test_the_external_id_of_every_item_taken_in_is_remembered(
    http: httpx.AsyncClient, earlier: list[str], sent: str, result: str
) -> None:
    campaign = await a_campaign(http, repeat_limit=2)
    for status in earlier:
        await take(http, item(campaign, member_status=status))

    first = await take(http, item(campaign, member_status=sent, external_id="m-1"))
    again = await take(http, item(campaign, member_status=sent, external_id="m-1"))

    assert results_of([first, again]) == [result, "duplicate"]
    assert again["id"] == first["id"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"campaign": "nope"},
        {"member_status": "Nope"},
        {"person": {"title": "VP"}},
        {"person": {"id": "01960000-0000-7000-8000-000000000000"}},
        {"score": "5"},
    ],
)
async def test_a_corrected_item_may_be_resent_after_a_rejection(
    http: httpx.AsyncClient, wrong: dict[str, object]
) -> None:
    right = item(await a_campaign(http), external_id="m-1")

    refused = await take_all(http, [right | wrong])
    resent = await take_all(http, [right | wrong, right])

    assert [one["result"] for one in refused + resent] == ["rejected", "rejected", "created"]
    assert [one["external_id"] for one in refused + resent] == ["m-1"] * 3


async def test_a_corrected_single_item_may_be_resent(http: httpx.AsyncClient) -> None:
    right = item(await a_campaign(http), external_id="m-1")

    refused = await post(http, right | {"member_status": "Nope"})

    assert refused.status_code == 422
    assert (await take(http, right))["result"] == "created"


async def test_the_same_external_id_of_another_user_is_no_duplicate(
    make_tenant: MakeTenant,
) -> None:
    marketo = await make_tenant(user="marketo")
    eloqua = await make_tenant(user="eloqua", account=marketo.name)
    more = await make_tenant(user="marketo", account=marketo.name)
    campaign = await a_campaign(marketo.http)
    sent = item(campaign, external_id="m-1")

    found = [await take(tenant.http, sent) for tenant in (marketo, eloqua, more)]

    assert results_of(found) == ["created", "repeat", "duplicate"]
    assert found[2]["id"] == found[0]["id"]


async def test_the_same_external_id_of_another_account_is_no_duplicate(
    make_tenant: MakeTenant,
) -> None:
    for tenant in (await make_tenant(), await make_tenant()):
        campaign = await a_campaign(tenant.http, code="spring")
        assert (await take(tenant.http, item(campaign, external_id="m-1")))["result"] == "created"


async def test_without_external_id_the_same_moment_is_a_duplicate(
    http: httpx.AsyncClient,
) -> None:
    campaign = await a_campaign(http)
    first = await take(http, item(campaign, responded_at=NINE))

    found = [
        await take(http, item(campaign, responded_at=NINE)),
        await take(
            http, item(campaign, " ADA@example.com ", responded_at="2026-03-10T10:00+01:00")
        ),
        await take(http, item(campaign, responded_at=NINE, member_status="Responded")),
    ]

    assert results_of(found) == ["duplicate"] * 3
    assert {one["id"] for one in found} == {first["id"]}


async def test_a_duplicate_by_its_moment_changes_nothing(http: httpx.AsyncClient) -> None:
    campaign = await a_campaign(http)
    who = {"external_id": "crm-1", "title": "VP"}
    first = await take(http, item(campaign, who, responded_at=NINE))
    before = await listed(http), await person_of(http, first)

    again = item(campaign, who | {"title": "CEO"}, responded_at=NINE, score=9)

    assert (await take(http, again))["result"] == "duplicate"
    assert (await listed(http), await person_of(http, first)) == before


async def test_another_moment_person_campaign_or_status_is_no_duplicate(
    http: httpx.AsyncClient,
) -> None:
    statuses = [
        {"name": "Sent", "responded": False, "step": 1},
        {"name": "Clicked", "responded": True, "step": 2},
        {"name": "Bought", "responded": True, "step": 3},
    ]
    campaign, other = [await a_campaign(http, member_statuses=statuses) for _ in range(2)]
    await take(http, item(campaign, responded_at=NINE))

    found = [
        await take(http, item(campaign, responded_at=TEN)),
        await take(http, item(campaign, "bob@example.com", responded_at=NINE)),
        await take(http, item(other, responded_at=NINE)),
        await take(http, item(campaign, responded_at=NINE, member_status="Bought")),
    ]

    assert results_of(found) == ["repeat", "created", "created", "repeat"]


async def test_an_item_with_an_external_id_is_never_a_duplicate_by_its_moment(
    http: httpx.AsyncClient,
) -> None:
    campaign = await a_campaign(http)
    await take(http, item(campaign, responded_at=NINE))

    found = await take(http, item(campaign, responded_at=NINE, external_id="m-1"))

    assert found["result"] == "repeat"


async def test_with_neither_an_item_counts_as_new(http: httpx.AsyncClient) -> None:
    campaign = await a_campaign(http)

    found = [await take(http, item(campaign)) for _ in range(3)]

    assert results_of(found) == ["created", "repeat", "repeat"]


async def test_duplicates_within_one_request_are_seen(http: httpx.AsyncClient) -> None:
    campaign = await a_campaign(http)

    found = await take_all(
        http,
        [
            item(campaign, external_id="m-1"),
            item(campaign, external_id="m-1"),
            item(campaign, "bob@example.com", responded_at=NINE),
            item(campaign, "bob@example.com", responded_at=NINE),
            item(campaign, "cyd@example.com"),
            item(campaign, "cyd@example.com"),
        ],
    )

    assert results_of(found) == [
        "created", "duplicate", "created", "duplicate", "created", "repeat",
    ]  # fmt: skip
    assert (found[0]["id"], found[2]["id"]) == (found[1]["id"], found[3]["id"])
