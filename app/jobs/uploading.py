"""Taking in the code of a job: read strictly, its requirements made into a layer, then a version.

body ──▶ in memory, at most the plan's bytes ──▶ inspected ──▶ layer ──▶ kept ──▶ version, active
        no transaction is open meanwhile; whatever is refused leaves no version     in one, at last
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from app.accounts.changes import queries as changes
from app.accounts.plans import plan_of
from app.accounts.queries import get_account
from app.core import clock, etags
from app.core.db import Session
from app.core.files.local import in_thread
from app.core.resources import Resources
from app.core.settings import Code
from app.imports.uploads.incoming import Incoming
from app.jobs import queries
from app.jobs.code.errors import ZipTooLarge
from app.jobs.code.inspecting import Inspected, inspect_zip
from app.jobs.code.installing import Terms
from app.jobs.code.keeping import keep_code
from app.jobs.code.layers import is_kept, layer_for, note_of
from app.jobs.code.requirements import Requirements, parse_requirements
from app.jobs.errors import (
    CodeNotInPlan,
    InstallationsWaiting,
    JobHasNoCode,
    LayerLeaving,
)
from app.jobs.forgetting import folder_of
from app.jobs.layers import want
from app.models import Job, JobVersion
from app.models.states import JobKind, OwnerKind

# Each takes a process, and up to three times the room of a layer.
_AT_ONCE = 2
_TRIES = 3
_installing = asyncio.Semaphore(_AT_ONCE)


@dataclass(frozen=True, slots=True)
class Upload:
    """One upload of code: for which job, by whom, on what condition."""

    account_id: UUID
    job_id: UUID
    by: str
    note: str | None = None
    if_match: str | None = None


async def most_bytes(resources: Resources, upload: Upload) -> int:
    """How large the zip may be.

    Raises:
        JobNotFound, JobExpired, ChangedMeanwhile, JobHasNoCode, CodeNotInPlan: none is taken.
    """
    async with resources.unit_of_work(upload.account_id) as session:
        _, limit = await _job_and_limit(session, upload, lock=False)
    return limit


async def take_code(
    resources: Resources, upload: Upload, body: AsyncIterator[bytes]
) -> tuple[Job, JobVersion]:
    """Make a version of the body and have runs that begin from now on use it.

    Takes as long as installing its requirements takes, which is bounded. Where it fails nothing
    has changed: no version, and the active one is the one it was.

    Raises:
        CodeRefused: the first thing that is wrong with it.
        JobNotFound, JobExpired, ChangedMeanwhile, JobHasNoCode, CodeNotInPlan: none is taken.
        BodyTooLarge, ZipTooLarge, SenderSilent, ClientDisconnect: it did not come whole.
        InstallationsWaiting, LayerLeaving, PackageIndexUnavailable, StorageFull,
        FilesUnavailable: later.
    """
    limit = await most_bytes(resources, upload)
    content = await _whole(resources, body, limit)
    inspected = await in_thread(lambda: inspect_zip(content, most_bytes=limit))
    layer_id = await _layer_of(resources, upload.account_id, inspected)
    folder = folder_of(upload.account_id, upload.job_id)
    stored_as = await keep_code(resources.files, folder, content, inspected)
    async with resources.unit_of_work(upload.account_id) as session:
        job, limit = await _job_and_limit(session, upload, lock=True)
        if inspected.size_bytes > limit:
            raise ZipTooLarge(most_bytes=limit)
        now = clock.business_now(session)
        version = JobVersion(
            account_id=upload.account_id,
            job_id=upload.job_id,
            number=await queries.last_version(session, upload.account_id, upload.job_id) + 1,
            sha256=inspected.sha256,
            size_bytes=inspected.size_bytes,
            stored_as=stored_as,
            entry=inspected.main,
            layer_id=layer_id,
            note=upload.note,
            made_at=now,
            made_by=upload.by,
        )
        session.add(version)
        job.active_version, job.updated_at = version.number, now
        job.version += 1
        owner = (upload.account_id, OwnerKind.JOB, upload.job_id)
        await changes.note(session, owner, "code_uploaded", by=upload.by, now=now)
    return job, version


async def _whole(resources: Resources, body: AsyncIterator[bytes], limit: int) -> bytes:
    incoming = Incoming(body, silence=resources.settings.imports.silence)
    content = bytearray()
    async for piece in incoming.piece(limit + 1):
        content += piece
    if incoming.broken is not None:
        raise incoming.broken
    if len(content) > limit:
        raise ZipTooLarge(most_bytes=limit)
    return bytes(content)


async def _layer_of(resources: Resources, account_id: UUID, inspected: Inspected) -> str | None:
    if inspected.requirements is None:
        return None
    settings = resources.settings.code
    requirements = parse_requirements(inspected.requirements)
    try:
        async with asyncio.timeout(settings.install_timeout.total_seconds()):
            await _installing.acquire()
    except TimeoutError:
        raise InstallationsWaiting from None
    try:
        return await _made(resources, account_id, requirements)
    finally:
        _installing.release()


async def _made(resources: Resources, account_id: UUID, requirements: Requirements) -> str | None:
    """The layer's id; it stays for a day from now on, and for as long as a version needs it."""
    settings, files = resources.settings.code, resources.files
    terms, work = Terms(timeout=settings.install_timeout), _folder(settings)

    async def wanted(layer_id: str) -> None:
        async with resources.unit_of_work(account_id) as session:
            await want(session, layer_id, note_of(requirements))

    for _ in range(_TRIES):
        layer = await layer_for(files, requirements, terms=terms, work=work, coming=wanted)
        if layer is None:
            return None
        await wanted(layer.id)
        # One that was found may have been deleted before it was wanted.
        if await is_kept(files, layer.id):
            return layer.id
    raise LayerLeaving


def _folder(settings: Code) -> Path:
    """For what is passing: three times a layer may be more than there is room for in /tmp."""
    return Path(settings.scratch).absolute() / "installing"


async def _job_and_limit(session: Session, upload: Upload, *, lock: bool) -> tuple[Job, int]:
    account = await get_account(session, upload.account_id)
    now = clock.business_now(session)
    job = await queries.get_job(session, upload.account_id, upload.job_id, now=now, lock=lock)
    etags.check(upload.if_match, job.version)
    plan = plan_of(account.plan)
    if job.kind is not JobKind.CODE:
        raise JobHasNoCode
    if not plan.code_jobs:
        raise CodeNotInPlan
    return job, plan.zip_bytes
