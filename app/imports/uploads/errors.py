"""What can go wrong with uploads.

NotFound ───── UploadNotFound
Conflict ───── UploadNotOpen · UploadHasSource · WrongUploadState      its state
               WrongOffset · OtherWriter                       where its content goes on
               RunNotEnded                                     the run it corrects
Invalid ────── InvalidUpload · ContentDigestDiffers
Unsupported ── NotOffsetContent · ContentEncodingRefused
Stale ──────── TusVersionDiffers
Exhausted ──── TooManyImports
Unavailable ── SenderSilent
"""

from datetime import timedelta

from app.core.errors import (
    Conflict,
    Exhausted,
    Invalid,
    NotFound,
    Stale,
    Unavailable,
    Unsupported,
)


class UploadNotFound(NotFound):
    """There is no such upload."""


class UploadNotOpen(Conflict):
    """The upload takes no content any more: it is {state}."""


class UploadHasSource(Conflict):
    """The content of this upload is fetched from its source; it takes none from here."""


class WrongUploadState(Conflict):
    """The upload cannot become {wanted}: it is {state}."""


class WrongOffset(Conflict):
    """The content goes on at byte {kept}, as the header Upload-Offset says."""


class OtherWriter(Conflict):
    """Another request writes the content of this upload; ask where it goes on."""


class RunNotEnded(Conflict):
    """The run to be corrected has not ended."""


class InvalidUpload(Invalid):
    """The upload makes no sense at the places listed."""


class ContentDigestDiffers(Invalid):
    """The content is not the one that the digest was made of; nothing of this request was kept."""


class NotOffsetContent(Unsupported):
    """The body must be application/offset+octet-stream."""


class ContentEncodingRefused(Unsupported):
    """Content may be encoded as gzip or not at all, as the upload's format says."""


class TusVersionDiffers(Stale):
    """Of the tus protocol, version 1.0.0 is spoken here."""


class TooManyImports(Exhausted):
    """The account has {most} imports waiting; complete this one when one of them has begun."""

    retry_after = timedelta(seconds=30)


class SenderSilent(Unavailable):
    """Nothing came for a while; what came before is kept, and the content goes on from there."""
