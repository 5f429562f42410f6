"""The wire shapes of uploads."""

from collections.abc import Mapping
from datetime import datetime
from email.message import Message
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from app.core.faults import Wrong, faults_of
from app.core.problems import ValidationFailed
from app.core.values import Count, Plain, Text, Wire
from app.imports.formats.format import Compression, Delimiter, FileType, Format
from app.imports.uploads.source import Source
from app.models.states import UploadObject, UploadOperation, UploadState
from app.runs.schemas import RunError
from app.sequences.schemas import SequenceRef

MOST_COLUMNS = 1_000
_MOST_ROWS = 2**53 - 1
_LONGEST_COLUMN = 1_000
_NDJSON = {"application/x-ndjson", "application/ndjson", "application/jsonl"}


def _column(value: str) -> str:
    if not value or len(value) > _LONGEST_COLUMN:
        raise Wrong("bad_column", f"must have 1 to {_LONGEST_COLUMN} characters")
    return value


Column = Annotated[Plain, AfterValidator(_column)]
Rows = Annotated[Count, Field(le=_MOST_ROWS)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-fA-F]{64}$"), AfterValidator(str.lower)]
CampaignRef = Annotated[
    Plain, Field(min_length=1, max_length=200, description="A campaign's id or code.")
]


class StopAfter(Wire):
    """Failed rows are borne until there are this many."""

    stop_after: Annotated[Rows, Field(ge=1)]


OnError = Literal["continue"] | StopAfter


class UploadCreate(Wire):
    """A file to come: what its rows are and how they are read."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "object": "people",
                    "format": {"type": "csv", "delimiter": "semicolon"},
                    "mapping": {"E-Mail": "email", "Notes": None},
                    "expected_rows": 20000,
                    "on_error": {"stop_after": 100},
                }
            ]
        }
    )

    object: UploadObject | None = Field(
        None, description="What a row is. Required, unless it is that of `retry_of`."
    )
    operation: UploadOperation | None = Field(
        None, description="What a row may do; `upsert` unless told."
    )
    campaign: CampaignRef | None = Field(
        None, description="A campaign's id or code: that of every row, of responses only."
    )
    sequence: SequenceRef | None = Field(
        None, description="A sequence's id or name: that of every row, of participants only."
    )
    mapping: dict[Column, Text | None] | None = Field(
        None,
        max_length=MOST_COLUMNS,
        description="From a column to a field; null passes the column over.",
    )
    format: Format = Field(default_factory=Format)
    expected_rows: Rows | None = Field(
        None, description="Checked before the first row is taken in."
    )
    sha256: Sha256 | None = Field(
        None, description="Of the whole content; checked before the first row is taken in."
    )
    on_error: OnError = Field("continue", description="Whether failed rows end the run.")
    source: Source | None = Field(None, description="Where to fetch the content from, instead.")
    retry_of: UUID | None = Field(
        None,
        description="The import run whose failed rows these are, corrected; object, operation,"
        " campaign, sequence and mapping are those of its upload unless given.",
    )


class ImportQuery(Wire):
    """The same for an import in one call, in the address."""

    object: UploadObject = Field(description="What a row is.")
    campaign: CampaignRef | None = None
    sequence: SequenceRef | None = None
    operation: UploadOperation = UploadOperation.UPSERT
    format: FileType | None = Field(
        None, description="Unless told: by the content type, else `csv`."
    )
    delimiter: Delimiter | None = None
    encoding: Annotated[str, Field(max_length=40)] | None = None
    compression: Compression = Compression.AUTO
    expected_rows: Annotated[int, Field(ge=0, le=_MOST_ROWS)] | None = None
    sha256: Sha256 | None = Field(None, description="Of the body, in hexadecimal digits.")
    on_error: Annotated[str, Field(pattern=r"^(continue|stop_after:[1-9][0-9]{0,14})$")] = Field(
        "continue", description="`continue`, or e.g. `stop_after:20`."
    )

    def order(self, media_type: str) -> UploadCreate:
        """As a body would say it; what the address leaves open, the body's content type says.

        Raises:
            ValidationFailed: there is no such encoding.
        """
        shown = Message()
        shown["content-type"] = media_type.replace("\r", " ").replace("\n", " ")
        kind = shown.get_content_type()
        is_tabs = kind == "text/tab-separated-values" and self.format is not FileType.NDJSON
        given = {
            "type": self.format or (FileType.NDJSON if kind in _NDJSON else FileType.CSV),
            "delimiter": self.delimiter or (Delimiter.TAB if is_tabs else None),
            "encoding": self.encoding or shown.get_content_charset(),
            "compression": self.compression,
        }
        try:
            format_ = Format.model_validate({name: one for name, one in given.items() if one})
        except ValidationError as error:
            named = [{**one, "loc": ("query", *one["loc"])} for one in error.errors()]
            raise ValidationFailed(faults=faults_of(named)) from None
        said = self.model_dump(
            include={"object", "operation", "campaign", "sequence", "expected_rows", "sha256"}
        )
        return UploadCreate(**said, format=format_, on_error=_on_error(self.on_error))


def _on_error(said: str) -> OnError:
    number = said.partition(":")[2]
    return StopAfter(stop_after=int(number)) if number else "continue"


class UploadPatch(Wire):
    """What is to become of an upload."""

    state: Literal["UploadComplete", "Aborted"]


class Counts(BaseModel):
    """What became of the rows so far; total = succeeded + failed + skipped + unprocessed."""

    total: int
    processed: int
    succeeded: int
    failed: int
    skipped: int
    unprocessed: int
    created: int
    updated: int


class UploadRead(BaseModel):
    """An upload: what it holds, how far it has arrived, what became of its rows."""

    id: UUID
    state: UploadState
    object: UploadObject
    operation: UploadOperation
    campaign_id: UUID | None
    sequence_id: UUID | None
    mapping: Mapping[str, str | None] | None
    format: Format
    expected_rows: int | None
    sha256: str | None = Field(description="Of the content once it was read; till then, if told.")
    on_error: OnError
    has_source: bool = Field(description="Whether the content is fetched; from where is secret.")
    size_bytes: int = Field(description="Content kept so far.")
    columns: list[str] | None = Field(description="Of the file, once it was read.")
    user: str
    run_id: UUID | None
    parent_run_id: UUID | None = Field(description="The run whose failed rows these are.")
    created_at: datetime
    completed_at: datetime | None
    expires_at: datetime | None = Field(description="Forgotten then, unless content comes.")
    counts: Counts | None = Field(description="Null before the file was read.")
    error: RunError | None
