"""What may become of an upload, and what its headers say. Pure."""

import base64
import binascii
import re
from datetime import timedelta
from uuid import UUID

from app.core.errors import Fault
from app.imports.formats.format import Compression
from app.imports.uploads.errors import (
    ContentEncodingRefused,
    InvalidUpload,
    UploadHasSource,
    UploadNotOpen,
    WrongUploadState,
)
from app.models import Upload
from app.models.states import UploadState

# How long the content of an upload stays readable after its run has ended.
CONTENT_KEPT = timedelta(days=30)
_DIGEST = re.compile(r"(?:^|,)\s*sha-256\s*=\s*:?([A-Za-z0-9+/]{43}=):?\s*(?:,|$)", re.IGNORECASE)


def folder_of(account_id: UUID, upload_id: UUID) -> str:
    """Where in the store everything of an upload lies."""
    return f"uploads/{account_id}/{upload_id}"


def check_takes_content(upload: Upload) -> None:
    """Raise UploadNotOpen or UploadHasSource unless content may be sent."""
    if upload.state is not UploadState.OPEN:
        raise UploadNotOpen(state=upload.state)
    if upload.source is not None:
        raise UploadHasSource


def check_may_become(upload: Upload, wanted: UploadState) -> None:
    """Raise WrongUploadState unless the state table allows it."""
    if not upload.state.may_become(wanted):
        raise WrongUploadState(wanted=wanted, state=upload.state)


def digest_in(content_digest: str | None, digest: str | None) -> bytes | None:
    """The SHA-256 of the body in `Content-Digest` (RFC 9530), or in `Digest`, which it replaced.

    Raises:
        InvalidUpload: there is one of these headers, and no SHA-256 in it.
    """
    header = digest if content_digest is None else content_digest
    if header is None:
        return None
    name = "Digest" if content_digest is None else "Content-Digest"
    found = _DIGEST.search(header)
    try:
        if found is not None:
            return base64.b64decode(found[1], validate=True)
    except binascii.Error:
        pass
    fault = Fault(f"?{name}", "bad_digest", "must be sha-256=:…:, in base64")
    raise InvalidUpload(faults=[fault])


def check_encoding(header: str | None, compression: Compression) -> None:
    """Raise ContentEncodingRefused unless the format knows that the content may be packed so.

    Content is kept as it comes: what the header says is what the reader will find by itself.
    """
    named = (header or "identity").strip().lower()
    if named in ("", "identity"):
        return
    if named not in ("gzip", "x-gzip") or compression is Compression.NONE:
        raise ContentEncodingRefused
