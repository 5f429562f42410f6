"""Where the content of an upload is fetched from. Its address and headers may be secrets."""

import re
from typing import Annotated
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import AfterValidator, Field

from app.core.faults import Wrong
from app.core.sealing import seal, unseal
from app.core.values import Plain, Wire

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_VALUE = re.compile(r"[\x20-\x7e\t]{0,8000}")
# Those say how a request travels; that is for whoever sends it.
_NOT_TO_SET = {
    *("connection", "content-length", "expect", "host", "keep-alive", "proxy-authorization"),
    *("te", "trailer", "transfer-encoding", "upgrade", "accept-encoding", "range"),
}
_MOST_HEADERS = 50


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


def _header_name(value: str) -> str:
    if not _TOKEN.fullmatch(value) or value.lower() in _NOT_TO_SET:
        raise Wrong("bad_header", "is no header that can be set here")
    return value


def _header_value(value: str) -> str:
    if not _VALUE.fullmatch(value):
        raise Wrong("bad_header", "is no value of a header")
    return value


class Source(Wire):
    """An address to fetch a file from, and the headers to send there. Never shown again."""

    url: Annotated[Plain, AfterValidator(_https)] = Field(max_length=2_000)
    headers: dict[
        Annotated[Plain, AfterValidator(_header_name)],
        Annotated[Plain, AfterValidator(_header_value)],
    ] = Field(default_factory=dict, max_length=_MOST_HEADERS)


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
