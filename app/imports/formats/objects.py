"""NDJSON: each line is a JSON object, or fails alone."""

import json
import math
import re
from typing import Any

from app.imports.formats.errors import EmptyFile, TooManyColumns
from app.imports.formats.format import Limits
from app.imports.formats.header import LONGEST_NAME
from app.imports.formats.lines import Lines
from app.imports.formats.records import Record, RowFault
from app.imports.formats.text import cleaned, is_clean, is_larger

_KEPT = 1_000
# NUL and lone surrogates: nothing that keeps text takes them.
_UNKEEPABLE = re.compile("[\x00\ud800-\udfff]")


def read_json(text: str) -> Any:
    """Any JSON value, as strictly as the API reads one: no NaN, no number beyond any bounds.

    Raises:
        ValueError: it is none.
    """
    try:
        return json.loads(text, parse_constant=_no_constants, parse_float=_finite)
    except RecursionError:
        raise ValueError("nested too deep") from None


class Objects:
    """Splits the text of an NDJSON file."""

    def __init__(self, encoding: str, limits: Limits) -> None:
        self._encoding = encoding.upper()
        self._limits = limits
        self._lines = Lines(limits.max_record_bytes, may_end_in_cr=False)
        self._line = 0
        self._is_suspect = False
        self._has_any = False
        self._keys: dict[str, None] = {}

    @property
    def columns(self) -> list[str]:
        return list(self._keys)

    def feed(self, text: str, *, is_suspect: bool = False) -> list[Record]:
        """The records that are complete with this text."""
        self._is_suspect = is_suspect
        return self._records(self._lines.feed(text))

    def finish(self) -> list[Record]:
        """The last record; raises EmptyFile if there was none."""
        records = self._records(self._lines.finish())
        if not self._has_any:
            raise EmptyFile
        return records

    def _records(self, lines: list[str]) -> list[Record]:
        records = []
        for line in lines:
            self._line += 1
            if line and not line.isspace():
                records.append(self._record(line))
        self._has_any = self._has_any or bool(records)
        return records

    def _record(self, line: str) -> Record:
        limit = self._limits.max_record_bytes
        if is_larger(line, limit):
            kept = cleaned(line[:_KEPT])
            return self._failed(kept, "record_too_large", f"is larger than {limit} bytes")
        if self._is_suspect:
            if not is_clean(line):
                return self._failed(cleaned(line), "bad_encoding", f"is not {self._encoding}")
            if "\x00" in line:
                return self._failed(line, "nul_character", "contains a NUL character")
        line = line.removesuffix("\r")
        try:
            value = read_json(line)
        except ValueError:
            return self._failed(line, "json_invalid", "is not valid JSON")
        if not isinstance(value, dict):
            return self._failed(line, "not_an_object", "is not a JSON object")
        if not value.keys() <= self._keys.keys():
            return self._with_keys(line, list(value))
        return Record(self._line, [line])

    def _with_keys(self, line: str, keys: list[str]) -> Record:
        if any(len(key) > LONGEST_NAME for key in keys):
            return self._failed(line, "long_key", f"has a key of over {LONGEST_NAME} letters")
        if any(_UNKEEPABLE.search(key) for key in keys):
            return self._failed(line, "bad_text", "has a key that cannot be kept")
        self._keys.update(dict.fromkeys(keys))
        if len(self._keys) > self._limits.max_columns:
            raise TooManyColumns(most=self._limits.max_columns)
        return Record(self._line, [line])

    def _failed(self, kept: str, code: str, problem: str) -> Record:
        return Record(self._line, [kept], RowFault(code, None, f"line {self._line}: {problem}"))


def _no_constants(_: str) -> None:
    raise ValueError("NaN and Infinity are not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError("a number beyond what can be kept")
    return number
