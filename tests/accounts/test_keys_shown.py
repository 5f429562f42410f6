"""What is answered to a request without a key that lives."""

import httpx
import pytest

from app.core import auth
from tests.conftest import Tenant

NEVER_MADE = str(auth.Key("A1" * 6, "b2" * 16))


async def test_no_key_is_401(anonymous: httpx.AsyncClient) -> None:
    answer = await anonymous.get("/v1/account")

    assert (answer.status_code, answer.json()["code"]) == (401, "key_missing")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "shown",
    ["x", NEVER_MADE, NEVER_MADE[:-1] + "!", "pk_a_b_c", "pk___00000000", "pk_é_b_00000000", "_",
     "x" * 5_000],
)  # fmt: skip
async def test_what_is_no_key_of_ours_is_401(anonymous: httpx.AsyncClient, shown: str) -> None:
    headers = [(b"Authorization", b"Bearer " + shown.encode())]

    answer = await anonymous.get("/v1/account", headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (401, "key_invalid")
    assert shown in {"x", "_"} or shown not in answer.text


async def test_the_public_part_with_another_secret_is_401(
    anonymous: httpx.AsyncClient, tenant: Tenant
) -> None:
    forged = str(auth.Key(tenant.key.split("_")[1], auth.new_key().secret))

    answer = await anonymous.get("/v1/account", headers={"Authorization": f"Bearer {forged}"})

    assert (answer.status_code, answer.json()["code"]) == (401, "key_invalid")


async def test_another_scheme_is_401(anonymous: httpx.AsyncClient) -> None:
    answer = await anonymous.get("/v1/account", headers={"Authorization": "Basic YTpi"})

    assert (answer.status_code, answer.json()["code"]) == (401, "key_missing")
