from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from app.core.db import UtcDateTime
from app.models.owned import belongs_to


class JobVersion(SQLModel, table=True):
    """One upload of a job's code; numbered from 1, and what it says of the code never changes."""

    __tablename__ = "job_versions"
    __table_args__ = (belongs_to("jobs", "job_id"),)

    account_id: UUID = Field(primary_key=True)
    job_id: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True)
    sha256: str = Field(description="Of the zip, in hexadecimal digits.")
    size_bytes: int = Field(sa_type=BigInteger, description="Of the zip.")
    stored_as: str = Field(description="In the store of files; empty once deleted.")
    entry: str = Field(description="Where in the zip the module with main() lies.")
    layer_id: str | None = Field(
        default=None, description="Of its requirements; None: it has none."
    )
    note: str | None = None
    made_at: datetime = Field(sa_type=UtcDateTime)
    made_by: str
