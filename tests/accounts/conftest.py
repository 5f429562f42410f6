import httpx
import pytest
from fastapi import FastAPI

from tests.accounts.making import Using


@pytest.fixture
def using(app: FastAPI) -> Using:
    """A client that shows this key."""

    def client(key: str) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app, raise_app_exceptions=False),
            base_url="http://penstock",
            headers={"Authorization": f"Bearer {key}"},
        )

    return client
