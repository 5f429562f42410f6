import httpx

from tests.conftest import MakeTenant, Tenant


async def test_a_key_reads_its_own_account(tenant: Tenant) -> None:
    answer = await tenant.http.get("/v1/account")

    assert answer.status_code == 200
    assert answer.json()["name"] == tenant.name
    assert answer.headers["ETag"] == '"1"'


async def test_a_stale_etag_is_refused_with_412(http: httpx.AsyncClient) -> None:
    changed = await http.patch(
        "/v1/account", json={"timezone": "Europe/Berlin"}, headers={"If-Match": '"1"'}
    )
    stale = await http.patch("/v1/account", json={"timezone": "UTC"}, headers={"If-Match": '"1"'})

    assert changed.json()["timezone"] == "Europe/Berlin"
    assert (stale.status_code, stale.json()["code"]) == (412, "changed_meanwhile")


async def test_an_account_cannot_take_anothers_name(make_tenant: MakeTenant) -> None:
    first, second = await make_tenant(), await make_tenant()

    answer = await second.http.patch("/v1/account", json={"name": first.name})

    assert (answer.status_code, answer.json()["code"]) == (409, "account_name_taken")
