"""What there is to read after something was told: letters as they were posted, the mailbox."""

from typing import Any

import httpx

from app.core.driver import driver_of
from app.core.resources import Resources
from tests.conftest import Tenant

Json = dict[str, Any]


async def letters_of(resources: Resources, tenant: Tenant) -> list[tuple[str, str]]:
    """Cause and subject of each message of the account, oldest first."""
    async with resources.unit_of_work(tenant.account_id) as session:
        driver = await driver_of(session)
        rows = await driver.fetch("SELECT cause, subject FROM messages ORDER BY id")
    return [(row["cause"], row["subject"].removeprefix("[Penstock] ")) for row in rows]


async def subjects_of(resources: Resources, tenant: Tenant) -> list[str]:
    return [subject for _, subject in await letters_of(resources, tenant)]


async def mailbox_of(http: httpx.AsyncClient) -> list[Json]:
    """What the sandbox's mailbox shows, oldest first."""
    answer = await http.get("/v1/mailbox", params={"limit": 1000})
    assert answer.status_code == 200, answer.text
    items: list[Json] = answer.json()["items"]
    return items[::-1]
