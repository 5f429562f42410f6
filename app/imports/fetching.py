"""The content of an upload that is fetched from an address, kept in the store like any other.

Nothing is read while it comes: a connection that breaks in the middle leaves no half of a file.
"""

from collections.abc import AsyncIterator
from contextlib import aclosing
from uuid import UUID

from app.core.ids import uuid7
from app.core.outbound.fetching import fetch
from app.core.outbound.requests import Patience, trust_with
from app.core.resources import Resources
from app.imports.uploads.rules import folder_of
from app.imports.uploads.source import unsealed


async def fetch_content(
    resources: Resources, account_id: UUID, upload_id: UUID, source: bytes
) -> tuple[str, int]:
    """Fetch the content and keep it; returns its name in the store and its bytes.

    Raises:
        AddressRefused, HeadersRefused, FetchFailed, NotReached, TooMuch, TooSlow: see each.
        StorageFull, FilesUnavailable: the store cannot keep it.
        Unsealable: the installation has another secret key by now.
    """
    settings = resources.settings
    secret = settings.secret_key.get_secret_value()
    wanted = unsealed(source, secret, account_id, upload_id)
    blocks = fetch(
        wanted.url,
        wanted.headers,
        allow_private=settings.webhooks.allow_private,
        patience=Patience(most_bytes=int(settings.imports.max_bytes)),
        trust=trust_with(settings.webhooks.ca_file),
    )
    name = f"{folder_of(account_id, upload_id)}/fetched-{uuid7().hex}"
    async with aclosing(blocks):
        return name, await resources.files.write(name, _of(blocks))


async def _of(blocks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for block in blocks:
        yield block
