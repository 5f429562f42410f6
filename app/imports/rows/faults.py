"""How a failed row says what is wrong with it: a code, the file's column, a sentence. Pure."""

from collections.abc import Sequence

from app.core.errors import Fault
from app.imports.packing import RowOutcome, RowResult
from app.imports.terms import Terms


def failed(code: str, column: str | None, detail: str) -> RowResult:
    """A row that failed."""
    return RowResult(RowOutcome.FAILED, None, code, column, detail)


def failed_by(terms: Terms, line: int, faults: Sequence[Fault]) -> RowResult:
    """A row with these wrong places: the first gives code and column, the sentence has all."""
    first = faults[0]
    said = []
    for fault in faults:
        column = terms.plan.column_of(fault.pointer)
        place = f"column {column}" if column else fault.pointer or "the row"
        said.append(f"{place}: {fault.detail}")
    return failed(
        first.code, terms.plan.column_of(first.pointer), f"line {line}, {'; '.join(said)}"
    )


def placed(result: RowResult, line: int) -> RowResult:
    """The same result, its sentence beginning with the line if the row failed."""
    if result.outcome is not RowOutcome.FAILED:
        return result
    place = f"line {line}, column {result.column}" if result.column else f"line {line}"
    return result._replace(detail=f"{place}: {result.detail}")
