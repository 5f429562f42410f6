"""Arms measured in turns, and what their figures say when put side by side.

ours, rival · rival, ours · ours, rival …: whatever drifts on the machine meets all of them.
"""

import statistics
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

Measure = Callable[[], Awaitable[float]]
Figures = Mapping[str, list[float]]

# Of all measures together, on two cores.
LONGEST_SECONDS = 42 * 60.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured: rounds, whether only to see that it works, and until when.

    `files` are the rounds of the files of a million rows, each of which takes minutes.
    """

    pairs: int
    quick: bool
    files: int = 1
    ends_at: float = field(default_factory=lambda: time.monotonic() + LONGEST_SECONDS)

    def size(self, usual: int, quick: int) -> int:
        """How many, of whatever it is."""
        return quick if self.quick else usual

    def seconds(self, usual: float) -> float:
        """How long a stretch is meant to last."""
        return usual / 8 if self.quick else usual


@dataclass(frozen=True, slots=True)
class Comparison:
    """The medians of two arms, their ratio, and the lowest and highest ratio of a pair."""

    ours: float
    rival: float
    low: float
    high: float

    @property
    def ratio(self) -> float:
        return self.ours / self.rival


class Pace:
    """How many rows make a stretch of the wanted length, by what the arm did before."""

    def __init__(self, seconds: float, *, first: int, least: int = 200) -> None:
        self._seconds = seconds
        self._least = least
        self._per_second = first / seconds

    def rows(self) -> int:
        return max(self._least, round(self._per_second * self._seconds))

    def saw(self, per_second: float) -> None:
        self._per_second = per_second


async def in_turns(pairs: int, arms: Mapping[str, Measure]) -> Figures:
    """Measure every arm once a round, in an order that alternates; each arm's figures by round."""
    figures: dict[str, list[float]] = {name: [] for name in arms}
    for number in range(pairs):
        for name in list(arms)[:: 1 if number % 2 == 0 else -1]:
            figures[name].append(await arms[name]())
    return figures


def compare(figures: Figures, ours: str, rival: str) -> Comparison:
    """One arm against another, round by round."""
    of_pairs = [mine / theirs for mine, theirs in zip(figures[ours], figures[rival], strict=True)]
    return Comparison(
        statistics.median(figures[ours]),
        statistics.median(figures[rival]),
        min(of_pairs),
        max(of_pairs),
    )
