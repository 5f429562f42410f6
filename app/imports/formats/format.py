"""How a file is written: what the sender says of it."""

import codecs
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    GetJsonSchemaHandler,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from app.core.faults import Wrong
from app.core.values import Wire

# Text by name only: they write other things than files, or any text in plain letters.
_NO_FILES = {"idna", "mbcs", "oem", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"}


class FileType(StrEnum):
    """What a record is."""

    CSV = "csv"
    NDJSON = "ndjson"


class Delimiter(StrEnum):
    """What stands between the cells of a CSV row."""

    COMMA = "comma"
    TAB = "tab"
    SEMICOLON = "semicolon"
    PIPE = "pipe"
    CARET = "caret"
    BACKQUOTE = "backquote"

    @property
    def character(self) -> str:
        return _CHARACTERS[self]


class Compression(StrEnum):
    """Whether the file is packed; `auto` looks at its first bytes."""

    AUTO = "auto"
    NONE = "none"
    GZIP = "gzip"


_CHARACTERS = {
    Delimiter.COMMA: ",",
    Delimiter.TAB: "\t",
    Delimiter.SEMICOLON: ";",
    Delimiter.PIPE: "|",
    Delimiter.CARET: "^",
    Delimiter.BACKQUOTE: "`",
}
_SHORT: dict[str, dict[str, str]] = {
    "csv": {"type": "csv"},
    "csv.gz": {"type": "csv", "compression": "gzip"},
    "tsv": {"type": "csv", "delimiter": "tab"},
    "tsv.gz": {"type": "csv", "delimiter": "tab", "compression": "gzip"},
    "ndjson": {"type": "ndjson"},
    "ndjson.gz": {"type": "ndjson", "compression": "gzip"},
}


@dataclass(frozen=True, slots=True)
class Limits:
    """How large things may be; beyond the first a row fails, beyond the others the file.

    Args:
        max_record_bytes: one record, in UTF-8.
        max_ratio: unpacked to packed size; small files may be very regular, so it holds only
            once `ratio_from_bytes` are unpacked.
    """

    max_record_bytes: int = 1 << 20
    max_columns: int = 1_000
    max_unpacked_bytes: int = 50 << 30
    max_ratio: int = 200
    ratio_from_bytes: int = 100_000_000


def _text_only(value: Any) -> Any:
    if not isinstance(value, str):
        raise Wrong("string_type", "must be text")
    return value


def _known(value: str) -> str:
    unknown = Wrong("unknown_encoding", "is no encoding known here")
    try:
        codec = codecs.lookup(value)
        # Raises as well for codecs between bytes and bytes.
        b"x".decode(value, "replace")
    except (LookupError, ValueError):
        raise unknown from None
    name = codec.name.replace("_", "-")
    # The absence of any type information: typeshed knows no codec without a decoder.
    if name in _NO_FILES or getattr(codec, "incrementaldecoder", None) is None:
        raise unknown
    # A byte order mark is passed over anyway.
    return "utf-8" if name == "utf-8-sig" else name


class Format(Wire):
    """A file's format; `"csv"` stands for `{"type": "csv"}`, `"csv.gz"` for a packed one."""

    type: FileType = FileType.CSV
    delimiter: Delimiter = Field(Delimiter.COMMA, description="Of CSV.")
    encoding: Annotated[
        str, Field(max_length=40), BeforeValidator(_text_only), AfterValidator(_known)
    ] = Field("utf-8", description="As Python names them, e.g. `utf-8`, `cp1252`, `utf-16`.")
    compression: Compression = Compression.AUTO

    @model_validator(mode="before")
    @classmethod
    def _spelled_out(cls, given: Any) -> Any:
        if not isinstance(given, str):
            return given
        if given not in _SHORT:
            raise Wrong("unknown_format", f"is none of {', '.join(_SHORT)}")
        return dict(_SHORT[given])

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        written_out = handler(core_schema)
        if handler.mode != "validation":
            return written_out
        short = {"type": "string", "enum": list(_SHORT)}
        return {"title": cls.__name__, "anyOf": [short, written_out]}
