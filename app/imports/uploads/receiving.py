"""Taking in content: no transaction is open while it comes or is written.

Of two writers one goes on. Each piece is recorded only if the upload is as long as its writer
believes, and its last piece is the one that this writer saw or wrote: the length alone would also
fit where another has begun anew and come as far.
"""

import contextlib
import secrets
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from app.core import clock
from app.core.db import Session
from app.core.errors import AppError, Conflict, NotFound
from app.core.resources import Resources
from app.imports.formats.format import Format
from app.imports.uploads import queries, rules
from app.imports.uploads.errors import ContentDigestDiffers, OtherWriter, WrongOffset
from app.imports.uploads.incoming import Incoming
from app.models import Upload, UploadPiece


@dataclass(slots=True)
class Standing:
    """How long the content is, and the name of its last piece."""

    size: int
    last: str | None


class Content:
    """The content of one upload, to be written by one request from byte `begins` on."""

    def __init__(
        self,
        resources: Resources,
        account_id: UUID,
        upload_id: UUID,
        *,
        begins: int,
        standing: Standing,
    ) -> None:
        self._resources = resources
        self._account_id = account_id
        self._upload_id = upload_id
        self._begins = begins
        self._standing = standing
        # Only once the first new piece is kept, so that a request of nothing replaces nothing.
        self._is_to_replace = begins < standing.size

    @property
    def room(self) -> int:
        """How many bytes may still come."""
        return self._resources.settings.imports.max_bytes - self._begins

    @property
    def kept(self) -> int:
        """How many bytes are kept by now."""
        return self._standing.size

    async def take(self, body: AsyncIterator[bytes], *, digest: bytes | None) -> bytes:
        """Keep the body, piece by piece; returns its SHA-256.

        What came before the body broke off is kept; with a digest that differs, nothing of it.

        Raises:
            UploadNotFound, UploadNotOpen, OtherWriter: somebody else did something meanwhile.
            ContentDigestDiffers: the body is not what it was when it left.
            BodyTooLarge, ClientDisconnect, SenderSilent: it broke off.
            StorageFull, FilesUnavailable: the store takes no more.
        """
        settings = self._resources.settings.imports
        incoming = Incoming(body, silence=settings.silence)
        while await incoming.has_more():
            name = self._new_name()
            size = await self._resources.files.write(name, incoming.piece(settings.piece))
            try:
                await self._record(name, size)
            except (Conflict, NotFound):
                # Certainly not recorded. After any other error it may have been.
                await self._delete([name])
                raise
        if incoming.broken is not None:
            raise incoming.broken
        if self._is_to_replace:
            await self._cut(0)
        if digest is not None and digest != incoming.sha256:
            await self._cut(self._begins)
            raise ContentDigestDiffers
        return incoming.sha256

    async def _record(self, name: str, size: int) -> None:
        replaced: Sequence[str] = ()
        async with self._resources.unit_of_work(self._account_id) as session:
            upload = await self._unchanged(session)
            first_byte = upload.size_bytes
            if self._is_to_replace:
                first_byte = 0
                replaced = await queries.drop_pieces(session, self._account_id, self._upload_id)
            session.add(
                UploadPiece(
                    account_id=self._account_id,
                    upload_id=self._upload_id,
                    first_byte=first_byte,
                    size_bytes=size,
                    name=name,
                )
            )
            self._lengthen(session, upload, first_byte + size)
        self._standing = Standing(first_byte + size, name)
        self._is_to_replace = False
        await self._delete(replaced)

    async def _cut(self, start: int) -> None:
        """Forget what is kept from this byte on."""
        async with self._resources.unit_of_work(self._account_id) as session:
            upload = await self._unchanged(session)
            dropped = await queries.drop_pieces(
                session, self._account_id, self._upload_id, start=start
            )
            self._lengthen(session, upload, start)
            last = await queries.find_last_piece(session, self._account_id, self._upload_id)
        self._standing = Standing(start, last)
        self._is_to_replace = False
        await self._delete(dropped)

    async def _unchanged(self, session: Session) -> Upload:
        """The upload, locked, if its content is as this request knows it."""
        upload = await queries.get_upload(session, self._account_id, self._upload_id, lock=True)
        rules.check_takes_content(upload)
        last = await queries.find_last_piece(session, self._account_id, self._upload_id)
        if Standing(upload.size_bytes, last) != self._standing:
            raise OtherWriter
        return upload

    def _lengthen(self, session: Session, upload: Upload, size: int) -> None:
        upload.size_bytes = size
        # Forgotten is what nothing comes for: a slow sender is none of those.
        upload.expires_at = clock.business_now(session) + self._resources.settings.imports.open_for

    def _new_name(self) -> str:
        first_byte = 0 if self._is_to_replace else self._standing.size
        folder = rules.folder_of(self._account_id, self._upload_id)
        return f"{folder}/{first_byte:015}-{secrets.token_hex(8)}"

    async def _delete(self, names: Sequence[str]) -> None:
        """Nobody knows these names any more; what stays now goes with the upload's folder."""
        for name in names:
            with contextlib.suppress(AppError):
                await self._resources.files.delete(name)


async def open_content(
    resources: Resources,
    account_id: UUID,
    upload_id: UUID,
    *,
    offset: int | None,
    encoding: str | None = None,
) -> Content:
    """Content to be written from this byte on, or anew where there is none.

    Raises:
        UploadNotFound, UploadNotOpen, UploadHasSource, ContentEncodingRefused: see each.
        WrongOffset: it goes on elsewhere.
    """
    async with resources.unit_of_work(account_id) as session:
        upload = await queries.get_upload(session, account_id, upload_id)
        rules.check_takes_content(upload)
        rules.check_encoding(encoding, Format.model_validate(upload.format).compression)
        if offset is not None and offset != upload.size_bytes:
            raise WrongOffset(kept=upload.size_bytes)
        last = await queries.find_last_piece(session, account_id, upload_id)
        standing = Standing(upload.size_bytes, last)
    return Content(resources, account_id, upload_id, begins=offset or 0, standing=standing)
