"""An application on a database of its own, and who calls it."""

from collections.abc import Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from app.accounts.caller import identify
from app.accounts.provision import issue_key
from app.core.auth import Scope
from app.core.ids import uuid7
from app.core.resources import Resources
from tests.conftest import ACCOUNT_SCOPES, Tenant
from tests.walls.looking import Connection
from tests.walls.making import Owner


@dataclass
class Place:
    """One account is its owner's; everybody else is a stranger. The `eye` sees all of them."""

    app: FastAPI
    database_url: str
    _stack: AsyncExitStack
    eye: Connection = field(init=False)
    owner: Owner = field(init=False)

    @property
    def resources(self) -> Resources:
        found: Resources = self.app.state.resources
        return found

    async def an_owner(self) -> Owner:
        tenant = await self.a_stranger()
        return Owner(tenant, [tenant.name.removeprefix("account ")])

    async def a_stranger(self) -> Tenant:
        """A new account, with a key that may do everything in it."""
        return await self._tenant(f"account {uuid7().hex}", ACCOUNT_SCOPES)

    async def the_installation(self) -> Tenant:
        return await self._tenant(None, (Scope.PLATFORM,))

    async def _tenant(self, account: str | None, scopes: Iterable[Scope]) -> Tenant:
        key = await issue_key(self.resources, account=account, user="marketo", scopes=tuple(scopes))
        http = await self._stack.enter_async_context(
            AsyncClient(
                transport=ASGITransport(self.app, raise_app_exceptions=False),
                base_url="http://penstock",
                headers={"Authorization": f"Bearer {key}"},
            )
        )
        caller = await identify(self.resources, str(key))
        return Tenant(http, caller, str(key), account or "the installation")
