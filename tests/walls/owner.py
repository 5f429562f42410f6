"""Whose the things are that nobody else may see, and the marks by which they are known."""

from dataclasses import dataclass, field
from typing import Any

from app.core.ids import uuid7
from tests.conftest import Tenant

Json = dict[str, Any]


@dataclass
class Owner:
    """An account full of things, and every text by which somebody could tell that it is there."""

    tenant: Tenant
    marks: list[str] = field(default_factory=list)

    def text(self) -> str:
        """A text that stands nowhere else."""
        self.marks.append(f"mark{uuid7().hex}")
        return self.marks[-1]

    def email(self) -> str:
        return f"{self.text()}@example.com"

    async def post(self, path: str, body: Json | None = None, **headers: str) -> Json:
        return await self._send("POST", path, body, headers)

    async def put(self, path: str, body: Json) -> Json:
        return await self._send("PUT", path, body, {})

    async def _send(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Json:
        answer = await self.tenant.http.request(method, f"/v1/{path}", json=body, headers=headers)
        assert answer.status_code in (200, 201, 202), answer.text
        found: Json = answer.json()
        return found
