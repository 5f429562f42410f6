"""The code of a job: uploaded, and nothing of it is shown again."""

from collections.abc import Iterator
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from app.accounts.caller import Admin, Held
from app.core import etags
from app.core.errors import AppError
from app.core.etags import ChangedMeanwhile, IfMatch
from app.core.files.errors import FilesUnavailable, StorageFull
from app.core.middleware import BodyLimit
from app.core.problems import problems
from app.core.routes import Route
from app.core.values import Plain
from app.imports.uploads.errors import SenderSilent
from app.jobs.code.errors import CodeRefused, MemberRefused, PackageIndexUnavailable, ZipTooLarge
from app.jobs.errors import (
    CodeNotInPlan,
    InstallationsWaiting,
    JobExpired,
    JobHasNoCode,
    JobNotFound,
    LayerLeaving,
)
from app.jobs.schemas import VersionRead
from app.jobs.uploading import Upload, most_bytes, take_code

router = APIRouter(tags=["jobs"], route_class=Route)

_ZIP = {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}


def _kinds_of(error: type[AppError]) -> Iterator[type[AppError]]:
    """Every way in which code is refused; those that only gather others are none."""
    for kind in error.__subclasses__():
        if kind is not MemberRefused:
            yield kind
        yield from _kinds_of(kind)


@router.put(
    "/jobs/{job_id}/code",
    response_model=VersionRead,
    responses=problems(
        *(JobNotFound, JobExpired, ChangedMeanwhile, JobHasNoCode, CodeNotInPlan),
        *_kinds_of(CodeRefused),
        *(ZipTooLarge, SenderSilent),
        *(InstallationsWaiting, LayerLeaving, PackageIndexUnavailable),
        *(StorageFull, FilesUnavailable),
    ),
    openapi_extra={"requestBody": {"required": True, **_ZIP}},
)
async def put_code(
    job_id: UUID,
    request: Request,
    caller: Admin,
    resources: Held,
    response: Response,
    note: Annotated[Plain | None, Query(max_length=500, description="What is new in it.")] = None,
    if_match: IfMatch = None,
) -> dict[str, object]:
    """Upload the code of a job: a zip with a main.py, as it is. Runs that begin later use it.

    Its requirements.txt is installed meanwhile, wheels only, which may take a minute or two. What
    is refused changes nothing. Every upload is a version of its own, also of the same zip.
    """
    upload = Upload(caller.account_id, job_id, caller.user, note, if_match)
    request.scope[BodyLimit.MAX_BODY] = await most_bytes(resources, upload)
    job, version = await take_code(resources, upload, request.stream())
    etags.show(response, job.version)
    return {**version.model_dump(), "is_active": True}
