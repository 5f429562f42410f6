"""What is asked of an import, in the words of the API."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.client.errors import BadUsage
from app.imports.formats.format import Delimiter, FileType
from app.models.states import UploadObject, UploadOperation

_BY_SUFFIX: dict[str, dict[str, str]] = {
    ".csv": {"type": FileType.CSV},
    ".tsv": {"type": FileType.CSV, "delimiter": Delimiter.TAB},
    ".ndjson": {"type": FileType.NDJSON},
    ".jsonl": {"type": FileType.NDJSON},
}


@dataclass(frozen=True, slots=True)
class ImportOrder:
    """The body of `POST /v1/uploads`, apart from what is known of the file's bytes."""

    object: UploadObject
    operation: UploadOperation
    campaign: str | None
    sequence: str | None
    mapping: dict[str, str | None] | None
    type: FileType | None
    delimiter: Delimiter | None
    encoding: str | None
    expected_rows: int | None
    stop_after: int | None

    def body(self, file_name: str) -> dict[str, Any]:
        """As JSON; what was left out is left to the API. The file's name tells its format."""
        told = {"type": self.type, "delimiter": self.delimiter, "encoding": self.encoding}
        by_name = format_of(file_name) if self.type is None else {}
        body = {
            "object": self.object,
            "operation": self.operation,
            "campaign": self.campaign,
            "sequence": self.sequence,
            "mapping": self.mapping,
            "format": {**by_name, **_given(told)} or None,
            "expected_rows": self.expected_rows,
            "on_error": "continue" if self.stop_after is None else {"stop_after": self.stop_after},
        }
        return _given(body)


def mapping_of(words: Sequence[str]) -> dict[str, str | None] | None:
    """`Column=field` names a column's field, `Column=` ignores the column.

    Raises:
        BadUsage: one has no `=`, or names a column again.
    """
    mapping: dict[str, str | None] = {}
    for word in words:
        # Columns are the sender's words and may hold anything, fields are ours and hold no "=".
        column, found, field = word.rpartition("=")
        if not found or not column:
            raise BadUsage(what=f"--map {word}: give it as Column=field, or Column= to ignore it")
        if column in mapping:
            raise BadUsage(what=f"--map {word}: this column is mapped twice")
        mapping[column] = field or None
    return mapping or None


def delimiter_of(word: str) -> Delimiter:
    """A delimiter by its name or by itself.

    Raises:
        BadUsage: it is none of those that files may have.
    """
    found = next((one for one in Delimiter if word in (one.value, one.character)), None)
    if found is None:
        names = ", ".join(one.value for one in Delimiter)
        raise BadUsage(what=f"--delimiter {word}: give one of {names}")
    return found


def format_of(file_name: str) -> dict[str, str]:
    """What the name says, packed or not; nothing if it says nothing."""
    plain = file_name.lower().removesuffix(".gz")
    return next((found for end, found in _BY_SUFFIX.items() if plain.endswith(end)), {})


def _given(words: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in words.items() if value is not None}
