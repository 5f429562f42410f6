"""Random criteria and rows, drawn from one small set of values so that they often meet."""

import json
from datetime import UTC, datetime, timedelta, timezone
from random import Random
from typing import Any

from app.criteria.catalogue import COLUMNS, OF_RESPONSES, Record
from app.criteria.operators import OPS_OF, FieldType, Op
from tests.criteria.rows import Row

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)

TEXTS = (
    *("VP", "vp", "Vp of Sales", "VP OF SALES", "sales", "Sales ", " ", "100%", "a_b", "a\\b", "'"),
    *("ÄRGER", "ärger", "Straße", "STRASSE", "STRAẞE", "İstanbul", "istanbul", "ISTANBUL", "ıI"),
    *("ΣΊΣΥΦΟΣ", "σίσυφοσ", "σίσυφος", "МОСКВА", "москва", "ﬁn", "FIN", "😀 ok", "e\u0301", "É"),
    *("10", "10.0", "10.50", "-3", "+5", "1e3", "0", "٣", "1" * 99, "9" * 150, ".5", "5.", "1\n"),
    *("true", "TRUE", "False", "null", "NaN", "Infinity", '{"a": 1}', "[1, 2]", "x" * 300),
)
INSTANTS = (
    *(NOW + timedelta(seconds=n) for n in (0, -1, 1, 60, -86_400, -86_401, 86_400, -604_800)),
    *(NOW + timedelta(microseconds=n) for n in (-1, 1, -500_000)),
    *(NOW - timedelta(days=n) for n in (2, 3, 30, 100, 400, 4_000)),
    *(datetime(2026, 3, 8, 7, 0, tzinfo=UTC), datetime(1999, 12, 31, 23, 59, 59, tzinfo=UTC)),
)
# It is in year 10000 by UTC: PostgreSQL knows it, the driver cannot fetch it.
LAST_MOMENT = "9999-12-31T23:59:59.9999999-14:00"
ODD_MOMENTS = (
    LAST_MOMENT,
    *("2026-02-31T00:00:00Z", "2025-02-29T00:00:00Z", "2024-02-29T00:00:00Z"),
    *("2026-03-10T12:00:00", "2026-03-10", "2026-03-10 12:00:00Z", "2026-03-10t12:00:00z"),
    *("2026-03-10T24:00:00Z", "2026-03-10T23:59:60Z", "2026-03-10T12:00:00.123456789+01:00"),
    *("2026-03-10T12:00:00.9999999Z", "2026-13-01T00:00:00Z", "0000-01-01T00:00:00Z"),
    *("1000-01-01T00:00:00+14:00", "1900-02-29T00:00:00Z"),
    *("2000-02-29T00:00:00Z", "2026-03-10T12:00:00+15:00", "2026-03-10T12:00:00+0100", "now"),
)
NUMBERS = (
    *(0, 1, 10, 10.0, 10.5, -3, 11, 25, 1000, -0.0, 0.1, 1.1, 1.5e-07, 5e-324),
    *(10**15, -(10**15), 999_999_999_999_999, 3.5, 100),
)
STORED_NUMBERS = (0, 1, 10, -3, 11, 25, 100, 1000, 10**15, -(10**15), 2**31 - 1)
STORED_SCORES = (*STORED_NUMBERS, 2**63 - 1, -(2**63))
WRITTEN_NUMBERS = (
    *("10", "10.0", "10.50", "1.10", "1.1", "-3", "1e3", "1E+5", "1.50e1", "1.5e-7", "-0", "-0.0"),
    *("0.1", "1e400", "1e-400", "123456789012345678901234567890.5", "5e-324", "100", "25"),
)
DURATIONS = ("P1D", "PT24H", "PT0S", "P1W", "PT1H30M", "P2DT12H", "PT0.5S", "P100D", "P1W3D")
KEYS = ("plan", "Größe", "a.b", "x y", "'; DROP TABLE people; --", "$1", "1", "😀")


class Generator:
    """An endless supply of criteria and rows; the same seed gives the same ones."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def criteria(self, depth: int = 3) -> dict[str, Any]:
        """Criteria as a client would send them, at most `depth` levels above the tests."""
        shape = self._random.random() if depth else 1.0
        if shape < 0.15:
            return {"not": self.criteria(depth - 1)}
        if shape < 0.5:
            word = self._random.choice(("all", "any"))
            return {word: [self.criteria(depth - 1) for _ in range(self._random.randint(1, 4))]}
        return self.test()

    def test(self) -> dict[str, Any]:
        """One test of a column or of an attribute."""
        if self._random.random() < 0.4:
            key = self._random.choice(KEYS)
            kind = self._random.choice(list(FieldType))
            name = f"{self._random.choice(sorted(OF_RESPONSES))}.attributes.{key}"
        else:
            column = self._random.choice(list(COLUMNS.values()))
            name, kind = column.name, column.type
        op = self._random.choice(OPS_OF[kind])
        test = {"field": name, "op": str(op)}
        return (
            test
            if op in {Op.IS_EMPTY, Op.IS_NOT_EMPTY}
            else test | {"value": self._value(kind, op)}
        )

    def row(self) -> Row:
        """A row with gaps, odd attributes, and values that criteria ask for."""
        return Row(**{record: self._columns(record) for record in Record})

    def _value(self, kind: FieldType, op: Op) -> Any:
        if op in {Op.WITHIN_LAST, Op.OLDER_THAN}:
            return self._random.choice(DURATIONS)
        if op in {Op.IN, Op.NOT_IN}:
            return [self._scalar(kind) for _ in range(self._random.randint(1, 12))]
        if op is Op.BETWEEN and kind is FieldType.NUMBER:
            return sorted(self._random.sample(NUMBERS, 2))
        if op is Op.BETWEEN:
            return [self._moment(at) for at in sorted(self._random.sample(INSTANTS, 2))]
        if op in {Op.CONTAINS, Op.NOT_CONTAINS, Op.STARTS_WITH, Op.ENDS_WITH}:
            return self._piece(op)
        return self._scalar(kind)

    def _scalar(self, kind: FieldType) -> Any:
        match kind:
            case FieldType.TEXT:
                return self._random.choice((*TEXTS, *WRITTEN_NUMBERS))
            case FieldType.NUMBER:
                return self._random.choice(NUMBERS)
            case FieldType.BOOLEAN:
                return self._random.random() < 0.5
            case FieldType.DATETIME:
                return self._moment(self._random.choice(INSTANTS))

    def _piece(self, op: Op) -> str:
        text = self._random.choice(TEXTS)
        length = self._random.randint(1, min(3, len(text)))
        if op is Op.STARTS_WITH:
            piece = text[:length]
        elif op is Op.ENDS_WITH:
            piece = text[-length:]
        else:
            start = self._random.randint(0, len(text) - length)
            piece = text[start : start + length]
        return self._random.choice((piece, piece.upper(), piece.lower()))

    def _moment(self, at: datetime) -> str:
        offset = timezone(timedelta(minutes=self._random.choice((0, 60, -300, 345, 840))))
        written = at.astimezone(offset).isoformat()
        return written.replace("+00:00", "Z") if self._random.random() < 0.5 else written

    def _columns(self, record: Record) -> dict[str, Any]:
        columns = {
            column.column: self._stored(column.type, column.word)
            for column in COLUMNS.values()
            if column.record is record
        }
        return columns | {"attributes": self._attributes()}

    def _stored(self, kind: FieldType, word: str) -> Any:
        if self._random.random() < 0.15:
            return None
        match kind:
            case FieldType.TEXT:
                return self._random.choice((*TEXTS, ""))
            case FieldType.NUMBER:
                return self._random.choice(STORED_SCORES if word == "score" else STORED_NUMBERS)
            case FieldType.BOOLEAN:
                return self._random.random() < 0.5
            case FieldType.DATETIME:
                return self._random.choice(INSTANTS)

    def _attributes(self) -> str | None:
        if self._random.random() < 0.05:
            return None
        written = (
            f"{json.dumps(key)}: {self._attribute()}"
            for key in KEYS
            if self._random.random() < 0.85
        )
        return f"{{{', '.join(written)}}}"

    def _attribute(self) -> str:
        match self._random.randrange(6):
            case 0:
                return json.dumps(self._random.choice((*TEXTS, "")))
            case 1:
                return self._random.choice(WRITTEN_NUMBERS)
            case 2:
                return json.dumps(self._random.choice(WRITTEN_NUMBERS))
            case 3:
                return json.dumps(self._moment(self._random.choice(INSTANTS)))
            case 4:
                return json.dumps(self._random.choice(ODD_MOMENTS))
            case _:
                return self._random.choice(
                    ("true", "false", "null", "{}", "[]", '{"a": 1}', "[1, 2]", '"tRuE"', '"false"')
                )
