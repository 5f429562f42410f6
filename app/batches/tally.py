"""What the steps of a batch's run counted, and what that makes of the run. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self


class Step(StrEnum):
    """What a batch does, in this order."""

    ORPHANS = "orphans"
    EXITS = "exits"
    ENROLMENT = "enrolment"
    ACTIONS = "actions"
    EMAILS = "emails"


class Word(StrEnum):
    """What a step counts beside the reasons of its own."""

    ENROLLED = "enrolled"
    NO_ROOM = "no_room"
    SENT = "sent"
    REFUSED = "refused"
    UNSENT = "unsent"
    BY_HAND = "by_hand"


# Taken over by the next step, which says what became of them.
_GOES_ON = {"sending_soon"}
_FAILED = {Word.REFUSED.value, Word.UNSENT.value}
_DONE = {Word.ENROLLED.value, Word.SENT.value, Word.BY_HAND.value, "on_engage"}


@dataclass(slots=True)
class Steps:
    """Counts by step and word."""

    counts: dict[Step, Counter[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, told: Mapping[str, Mapping[str, int]]) -> Self:
        """As an earlier attempt of the same run has written them."""
        return cls({Step(step): Counter(words) for step, words in told.items()})

    def add(self, step: Step, words: Mapping[str, int] | Iterable[str]) -> None:
        """Count more of a step."""
        counted = self.counts.setdefault(step, Counter())
        counted.update(words)

    @property
    def told(self) -> dict[str, dict[str, int]]:
        """For the run's details; what counted nothing leaves no trace."""
        found = {
            step.value: {word: n for word, n in sorted(words.items()) if n}
            for step, words in self.counts.items()
        }
        return {step: words for step, words in found.items() if words}

    @property
    def sums(self) -> dict[str, int]:
        """succeeded, failed and skipped, whose sum is what was handled."""
        sums = dict.fromkeys(("succeeded", "failed", "skipped"), 0)
        for step, words in self.counts.items():
            for word, n in words.items():
                if word not in _GOES_ON:
                    sums[_kind(step, word)] += n
        return sums


def _kind(step: Step, word: str) -> str:
    if word in _FAILED:
        return "failed"
    is_done = step is Step.EXITS or word in _DONE
    return "succeeded" if is_done else "skipped"
