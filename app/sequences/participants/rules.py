"""Why somebody came in, or did not. Pure."""

from dataclasses import dataclass
from enum import StrEnum


class EnrolResult(StrEnum):
    """What became of one that was to come in."""

    CREATED = "created"
    DUPLICATE = "duplicate"
    SKIPPED = "skipped"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of one that was to come in.

    Args:
        is_named: the caller said who it is.
        is_there: there is such an object, with such a person.
        was_in: it was in the sequence already, and still is.
        has_been: it has been in it, and has left.
        may: it meets the entrance criteria, and nothing else is in the way.
        is_in: it is in the sequence now.
        is_again: an earlier place of the same request named the same.
    """

    is_named: bool
    is_there: bool
    is_fit: bool = False
    opted_out: bool = False
    was_in: bool = False
    has_been: bool = False
    may: bool = False
    is_in: bool = False
    is_again: bool = False


def result_of(one: Standing, *, may_reenter: bool) -> tuple[EnrolResult, str | None]:
    """What became of it, and why it did not come in; of several reasons the first."""
    if not one.is_there:
        return EnrolResult.REJECTED, "not_found" if one.is_named else "without_identity"
    if one.was_in or (one.is_in and one.is_again):
        return EnrolResult.DUPLICATE, None
    if one.is_in:
        return EnrolResult.CREATED, None
    if not one.is_fit:
        reason = "wrong_object"
    elif one.opted_out:
        reason = "opted_out"
    elif one.has_been and not may_reenter:
        reason = "not_again"
    elif not one.may:
        reason = "entrance_criteria"
    else:
        reason = "sequence_full"
    return EnrolResult.SKIPPED, reason
