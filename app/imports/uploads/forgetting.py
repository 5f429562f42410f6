"""Content that nobody needs any more: first it goes from the store, then from the tables.

In this order a process that dies in between leaves rows of aborted or finished uploads, which the
next look finds again, and never files that no row knows of.
"""

import contextlib
from uuid import UUID

from app.core import clock
from app.core.errors import AppError
from app.core.failpoints import Purpose
from app.core.resources import Resources
from app.imports.uploads import queries, rules

_AT_ONCE = 100


async def forget(resources: Resources, account_id: UUID) -> int:
    """Abort what was forgotten, delete what is of no more use; returns how many uploads' content.

    For the workers' maintenance; safe to repeat and to run twice at once.

    Raises:
        FilesUnavailable: the store cannot be used now; the next look goes on.
    """
    async with resources.unit_of_work(account_id, purpose=Purpose.FORGETTING) as session:
        now = clock.business_now(session)
        expired = await queries.expire(session, account_id, now=now)
        unneeded = await queries.list_unneeded(
            session, account_id, now=now, kept=rules.CONTENT_KEPT, limit=_AT_ONCE
        )
    # An upload that has expired may have files of a process that died before their rows.
    chosen = {*expired, *unneeded}
    for upload_id in chosen:
        await resources.files.delete_folder(rules.folder_of(account_id, upload_id))
    if chosen:
        async with resources.unit_of_work(account_id, purpose=Purpose.FORGETTING) as session:
            for upload_id in chosen:
                await queries.drop_pieces(session, account_id, upload_id)
    return len(chosen)


async def discard(resources: Resources, account_id: UUID, upload_id: UUID) -> None:
    """Abort an upload and delete its content, unless it has been completed after all."""
    async with resources.unit_of_work(account_id) as session:
        is_aborted = await queries.abort_open(session, account_id, upload_id)
    if is_aborted:
        await drop_files(resources, account_id, upload_id)


async def drop_files(resources: Resources, account_id: UUID, upload_id: UUID) -> None:
    """Delete the content of an aborted upload at once; if that fails, `forget` does it later."""
    with contextlib.suppress(AppError):
        await resources.files.delete_folder(rules.folder_of(account_id, upload_id))
