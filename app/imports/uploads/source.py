"""Where the content of an upload is fetched from. Its address and headers may be secrets."""

from typing import Annotated
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import AfterValidator, Field

from app.core.faults import Wrong
from app.core.outbound.rules import faults_in_headers
from app.core.sealing import seal, unseal
from app.core.values import Plain, Wire


def _https(value: str) -> str:
    try:
        parts = urlsplit(value)
        is_sound = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        is_sound = False
    if not is_sound or any(one.isspace() for one in value):
        raise Wrong("bad_url", "is not an address")
    if parts.scheme != "https":
        raise Wrong("not_https", "must begin with https://")
    if parts.username is not None or parts.password is not None:
        raise Wrong("bad_url", "cannot hold a user; send a header instead")
    return value


def _headers(headers: dict[str, str]) -> dict[str, str]:
    faults = faults_in_headers(headers)
    if faults:
        raise Wrong("bad_header", "has a header that cannot be set here")
    if "range" in {name.lower() for name in headers}:
        raise Wrong("bad_header", "cannot ask for a part of the file")
    return headers


class Source(Wire):
    """An address to fetch a file from, and the headers to send there. Never shown again."""

    url: Annotated[Plain, AfterValidator(_https)] = Field(max_length=2_000)
    headers: Annotated[dict[Plain, Plain], AfterValidator(_headers)] = Field(default_factory=dict)


def sealed(source: Source, secret_key: str, account_id: UUID, upload_id: UUID) -> bytes:
    """The source as it is kept; it opens as that of this upload only."""
    return seal(
        secret_key, source.model_dump_json().encode(), context=_context(account_id, upload_id)
    )


def unsealed(kept: bytes, secret_key: str, account_id: UUID, upload_id: UUID) -> Source:
    """The source as it was given; raises Unsealable."""
    return Source.model_validate_json(
        unseal(secret_key, kept, context=_context(account_id, upload_id))
    )


def _context(account_id: UUID, upload_id: UUID) -> bytes:
    return f"upload-source:{account_id}:{upload_id}".encode()
