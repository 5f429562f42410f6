"""Owners take turns over what qualifies: the campaign's own, else the account's."""

import asyncio

import httpx
import pytest
from prometheus_client import REGISTRY

from tests.responses.conftest import Settle
from tests.responses.engine_making import (
    ASYNCHRONOUS,
    SYNCHRONOUS,
    Json,
    a_campaign,
    an_item,
    configure,
    get,
    post,
    post_all,
    read,
)


@pytest.fixture(params=[SYNCHRONOUS, ASYNCHRONOUS], ids=["synchronous", "asynchronous"])
def mode(request: pytest.FixtureRequest) -> Json:
    chosen: Json = request.param
    return chosen


async def test_owners_take_turns_over_requests_and_chunks(
    http: httpx.AsyncClient, settle: Settle, mode: Json
) -> None:
    campaign = await a_campaign(http, owners=["ada", "alan", "grace"])
    await configure(http, mode, evaluation_batch_size=2)

    taken = await post_all(http, [an_item(campaign) for _ in range(5)])
    await settle()
    taken += [await post(http, campaign) for _ in range(2)]
    await settle()

    owners = [await owner_of(http, each) for each in taken]
    assert owners == ["ada", "alan", "grace", "ada", "alan", "grace", "ada"]


async def test_the_campaigns_owners_come_before_the_accounts(
    http: httpx.AsyncClient, settle: Settle, mode: Json
) -> None:
    own = await a_campaign(http, owners=["ada", "alan"])
    shared = [await a_campaign(http) for _ in range(2)]
    await configure(http, mode, owners=["grace", "edsger"])

    taken = []
    for campaign in (own, shared[0], own, shared[1], shared[0]):
        taken.append(await post(http, campaign))
        await settle()

    owners = [await owner_of(http, each) for each in taken]
    assert owners == ["ada", "grace", "alan", "edsger", "grace"]


async def test_owner_turns_come_last_in_the_order_of_locks_whatever_the_number_of_portions(
    http: httpx.AsyncClient,
) -> None:
    one, two = [await a_campaign(http, owners=["ada", "alan"]) for _ in range(2)]
    await configure(http, SYNCHRONOUS, scoring_batch_size=1)
    before = redone()
    there = [an_item(campaign, response_prompt=True) for campaign in (one, two) for _ in range(15)]
    back = [an_item(campaign, response_prompt=True) for campaign in (two, one) for _ in range(15)]

    results = await asyncio.gather(*(post_all(http, items) for items in (there, back)))

    owners = [await owner_of(http, each) for taken in results for each in taken]
    assert {name: owners.count(name) for name in owners} == {"ada": 30, "alan": 30}
    assert redone() == before


def redone() -> float | None:
    """How many intake transactions of this process met another and were done again."""
    return REGISTRY.get_sample_value("penstock_intake_redone_total")


async def owner_of(http: httpx.AsyncClient, response: Json) -> str:
    person = (await read(http, response))["person_id"]
    return str((await get(http, f"people/{person}"))["owner"])
