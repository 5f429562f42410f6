"""Whether what `main` returned is counts, and whether they add up. Pure."""

from dataclasses import dataclass
from typing import Any

_WORDS = ("total", "succeeded", "failed", "skipped")
_MOST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Counts:
    """total = succeeded + failed + skipped + unprocessed."""

    total: int
    succeeded: int
    failed: int
    skipped: int

    @property
    def unprocessed(self) -> int:
        return self.total - self.succeeded - self.failed - self.skipped


class CountsWrong(ValueError):
    """It is meant as counts and does not add up; the sentence names the place, not the value."""


def counts_of(value: Any) -> Counts | None:
    """The counts in what `main` returned; None if it says nothing of counts.

    A mapping with any of the four words is meant as counts. Missing parts are 0, a missing total
    is their sum; a total above the sum leaves the rest unprocessed.

    Raises:
        CountsWrong: a part is no whole number from 0 up, or the parts are more than the total.
    """
    if not isinstance(value, dict) or not value.keys() & set(_WORDS):
        return None
    for word in _WORDS:
        number = value.get(word, 0)
        if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= _MOST:
            raise CountsWrong(f"`{word}` of the counts is no whole number from 0 up.")
    parts = [value.get(word, 0) for word in _WORDS[1:]]
    total = value.get("total", sum(parts))
    if sum(parts) > total:
        raise CountsWrong("The counts' parts are more than their `total`.")
    return Counts(total, *parts)
