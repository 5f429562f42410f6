"""Two who want the same at once, and what becomes of what is out when its endpoint changes."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from standardwebhooks import WebhookVerificationError

from tests.notifications.office import Json, Office, ids_of, soon
from tests.notifications.receiving import Received, Receiver, receiving
from tests.outbound.servers import Deed, saying

MANY = 5


async def asked(office: Office, method: str, path: str) -> Counter[int]:
    """The statuses of the same request, sent many times at once."""
    calls = (office.http.request(method, f"/v1{path}") for _ in range(MANY))
    return Counter(answer.status_code for answer in await asyncio.gather(*calls))


async def test_of_replays_at_once_one_is_sent(office: Office) -> None:
    async with receiving() as receiver:
        endpoint = await office.endpoint(receiver)
        (told,) = await office.happens()
        await office.deliver()
        (delivery,) = await office.deliveries(endpoint)
        statuses = await asked(office, "POST", f"/deliveries/{delivery['id']}/replay")
        await office.deliver()

    assert statuses == {202: 1, 409: MANY - 1}
    assert ids_of(receiver) == [told, told]
    assert receiver.got[0].body == receiver.got[1].body


async def test_tests_at_once_are_each_sent_once(office: Office) -> None:
    async with receiving() as receiver:
        endpoint = await office.endpoint(receiver)
        statuses = await asked(office, "POST", f"/webhook-endpoints/{endpoint['id']}/test")
        await office.deliver()

    assert statuses == {202: MANY}
    assert len(set(ids_of(receiver))) == len(receiver.got) == MANY


async def test_of_rotations_at_once_the_last_two_secrets_sign(office: Office) -> None:
    async with receiving() as receiver:
        endpoint = await office.endpoint(receiver)
        path = f"/v1/webhook-endpoints/{endpoint['id']}/rotate-secret"
        answers = await asyncio.gather(*(office.http.post(path) for _ in range(MANY)))
        await office.happens()
        await office.deliver()

    (got,) = receiver.got
    secrets = [endpoint["secret"], *(answer.json()["secret"] for answer in answers)]
    assert sum(_verifies(got, secret) for secret in secrets) == 2
    assert len(set(secrets)) == MANY + 1


async def test_of_deletions_at_once_one_deletes(office: Office) -> None:
    endpoint = await office.endpoint("https://hooks.example.com/")

    statuses = await asked(office, "DELETE", f"/webhook-endpoints/{endpoint['id']}")

    assert statuses == {204: 1, 404: MANY - 1}


@pytest.mark.parametrize(
    ("deed", "state"), [(saying("500 Oops"), "cancelled"), (saying("204 Fine"), "succeeded")]
)
@pytest.mark.parametrize("how", ["deleted", "disabled"])
async def test_what_is_out_is_the_last_that_an_endpoint_gets(
    office: Office, deed: Deed, state: str, how: str
) -> None:
    async with out(office, deed) as (receiver, endpoint):
        if how == "deleted":
            answer = await office.http.delete(path_of(endpoint))
        else:
            answer = await office.http.patch(path_of(endpoint), json={"enabled": False})
        assert answer.is_success
    await office.make_due()
    await office.deliver()

    assert len(receiver.got) == 1
    (found,) = (await office.http.get("/v1/deliveries")).json()["items"]
    assert (found["state"], found["attempts"]) == (state, 1)


async def test_what_fails_at_the_address_before_is_sent_to_the_new_one(office: Office) -> None:
    async with receiving() as moved:
        async with out(office, saying("500 Oops")) as (receiver, endpoint):
            await office.http.patch(path_of(endpoint), json={"url": moved.url()})
        await office.make_due()
        await office.deliver()

    (before,), (after,) = receiver.got, moved.got
    assert (before.body, before.headers["webhook-id"]) == (after.body, after.headers["webhook-id"])


async def test_a_secret_replaced_while_it_is_out_changes_nothing_of_it(office: Office) -> None:
    async with out(office, saying("204 Fine")) as (receiver, endpoint):
        await office.http.post(f"{path_of(endpoint)}/rotate-secret")

    assert receiver.got[0].verified_by(endpoint["secret"])
    (delivery,) = await office.deliveries(endpoint)
    assert delivery["state"] == "succeeded"


@asynccontextmanager
async def out(office: Office, deed: Deed) -> AsyncIterator[tuple[Receiver, Json]]:
    """An event is with its receiver, which answers as soon as the block is over."""
    may_answer = asyncio.Event()

    async def answer(writer: asyncio.StreamWriter) -> None:
        await may_answer.wait()
        await deed(writer)

    async with receiving(answer) as receiver:
        endpoint = await office.endpoint(receiver)
        await office.happens()
        delivering = asyncio.create_task(office.deliver())
        await soon(lambda: receiver.got)
        yield receiver, endpoint
        may_answer.set()
        await delivering


def path_of(endpoint: Json) -> str:
    return f"/v1/webhook-endpoints/{endpoint['id']}"


def _verifies(got: Received, secret: str) -> bool:
    try:
        got.verified_by(secret)
    except WebhookVerificationError:
        return False
    return True
