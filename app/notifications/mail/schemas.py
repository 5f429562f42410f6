"""The wire shapes of the sandbox's mailbox."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field


class AttachmentRead(BaseModel):
    """A file that came along."""

    name: str
    content: str = Field(description="In base 64.")


class MailRead(BaseModel):
    """An e-mail that would have gone out."""

    id: UUID
    to: str
    subject: str
    text: str
    html: str | None
    attachments: list[AttachmentRead]
    cause: str = Field(
        description="`run`, `run_message` (of customers' code), `overdue`, `job_expiry`."
    )
    cause_id: UUID = Field(description="Of the run or the job that it is about.")
    made_at: datetime
    kept_at: datetime | None
