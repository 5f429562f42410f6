"""A row of the table: what was measured, what is required of it, and whether it is met."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from tests.bench.pairs import Comparison

Unit = Callable[[float], str]


@dataclass(frozen=True, slots=True)
class Goal:
    """A bound that is required and one that is aimed at, if any; `is_floor` if more is better."""

    required: float
    aim: float | None = None
    is_floor: bool = True

    def verdict(self, value: float) -> str:
        if self.aim is not None and self._holds(value, self.aim):
            return "aim met"
        return "required met" if self._holds(value, self.required) else "missed"

    def shown(self, bound: float | None) -> str:
        if bound is None:
            return "–"
        return f"{'≥' if self.is_floor else '≤'} {bound:g}"

    def _holds(self, value: float, bound: float) -> bool:
        return value >= bound if self.is_floor else value <= bound


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table, as text."""

    measure: str
    what: str
    ours: str
    rival: str = "–"
    ratio: str = "–"
    spread: str = "–"
    required: str = "–"
    aim: str = "–"
    verdict: str = "information"


def compared(
    measure: str,
    what: str,
    found: Comparison,
    unit: Unit,
    goal: Goal | None = None,
    *,
    verdict: str = "information",
) -> Row:
    """Two arms side by side."""
    return Row(
        measure,
        what,
        unit(found.ours),
        unit(found.rival),
        f"{found.ratio:.3g}",
        f"{found.low:.3g}–{found.high:.3g}",
        goal.shown(goal.required) if goal else "–",
        goal.shown(goal.aim) if goal else "–",
        goal.verdict(found.ratio) if goal else verdict,
    )


def bounded(measure: str, what: str, value: float, unit: Unit, goal: Goal) -> Row:
    """One number and its bounds."""
    bounds = {"required": goal.shown(goal.required), "aim": goal.shown(goal.aim)}
    return Row(measure, what, unit(value), **bounds, verdict=goal.verdict(value))


def of_rounds(measure: str, what: str, values: Sequence[float], unit: Unit, goal: Goal) -> Row:
    """The median of some rounds and its bounds, with the lowest and highest of them."""
    row = bounded(measure, what, statistics.median(values), unit, goal)
    return replace(row, spread=f"{unit(min(values))}–{unit(max(values))}")


def none_of(measure: str, what: str, how_many: int) -> Row:
    """Something that must not happen at all."""
    goal = Goal(0, 0, is_floor=False)
    return Row(measure, what, str(how_many), required="0", aim="0", verdict=goal.verdict(how_many))


def per_second(value: float) -> str:
    return f"{value:,.0f} /s"


def whole(value: float) -> str:
    return f"{value:,.0f}"


def in_seconds(value: float) -> str:
    return f"{value:,.1f} s"


def in_hundredths(seconds: float) -> str:
    return f"{seconds:,.2f} s"


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1_000:,.2f} ms"


def microseconds_a_row(seconds: float) -> str:
    return f"{seconds * 1_000_000:,.0f} µs/row"


def megabytes(value: float) -> str:
    return f"{value / 1_000_000:,.0f} MB"
