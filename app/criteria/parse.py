"""From untrusted JSON to a tree, or to a list of everything that is wrong with it.

Faults never carry what was sent: pointers are made of list positions, of our own words, and of
unknown keys that look like ordinary keys; any other unknown key points at the object around it.
"""

import re
from collections.abc import Collection
from typing import Any

from app.criteria.comparisons import read_test
from app.criteria.errors import InvalidCriteria
from app.criteria.faults import Enough, Faults
from app.criteria.tree import AllOf, AnyOf, Criteria, Not

MAX_DEPTH = 20
MAX_NODES = 1_000

_ORDINARY_KEY = re.compile("[A-Za-z0-9_.-]{1,64}")
_TEST_KEYS = ("field", "op", "value")


def parse(value: object, *, pointer: str = "") -> Criteria:
    """Read criteria from any decoded JSON value.

    Args:
        value: what the client sent.
        pointer: where the value stands in the client's document; every fault's pointer
            starts with it.

    Raises:
        InvalidCriteria: with the first hundred places that are wrong.
    """
    reader = _Reader(pointer)
    try:
        tree = reader.read(value, pointer, depth=1)
    except Enough:
        tree = None
    if tree is None or reader.faults:
        raise InvalidCriteria(faults=reader.faults)
    return tree


class _Reader:
    """One pass over one value; `read` goes on after a fault, to find the others."""

    def __init__(self, root: str) -> None:
        self.faults = Faults()
        self._root = root
        self._nodes = 0

    def read(self, value: object, pointer: str, *, depth: int) -> Criteria | None:
        self._count()
        if depth > MAX_DEPTH:
            self.faults.note(pointer, "too_deep", f"At most {MAX_DEPTH} levels.")
        elif not isinstance(value, dict):
            self.faults.note(pointer, "not_an_object", "An object is needed here.")
        elif "all" in value:
            return AllOf(self._read_group("all", value, pointer, depth))
        elif "any" in value:
            return AnyOf(self._read_group("any", value, pointer, depth))
        elif "not" in value:
            self._refuse_keys_beside(("not",), value, pointer)
            part = self.read(value["not"], f"{pointer}/not", depth=depth + 1)
            return Not(part) if part else None
        elif "field" in value:
            self._refuse_keys_beside(_TEST_KEYS, value, pointer)
            return read_test(value, pointer, self.faults)
        else:
            self._refuse_keys_beside(_TEST_KEYS, value, pointer)
            self.faults.note(pointer, "missing_key", "Needs `all`, `any`, `not` or `field`.")
        return None

    def _count(self) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            self.faults.note(self._root, "too_many", f"At most {MAX_NODES} conditions.")
            raise Enough

    def _read_group(
        self, word: str, value: dict[str, Any], pointer: str, depth: int
    ) -> tuple[Criteria, ...]:
        self._refuse_keys_beside((word,), value, pointer)
        items, pointer = value[word], f"{pointer}/{word}"
        if not isinstance(items, list):
            self.faults.note(pointer, "wrong_type", "A list of conditions is needed here.")
            return ()
        if not items:
            self.faults.note(pointer, "empty_list", "At least one condition is needed here.")
        parts = (
            self.read(item, f"{pointer}/{index}", depth=depth + 1)
            for index, item in enumerate(items)
        )
        return tuple(part for part in parts if part is not None)

    def _refuse_keys_beside(
        self, known: Collection[str], value: dict[str, Any], pointer: str
    ) -> None:
        for key in value:
            if key not in known:
                place = f"{pointer}/{key}" if _ORDINARY_KEY.fullmatch(str(key)) else pointer
                self.faults.note(place, "unknown_key", f"Known here: {', '.join(known)}.")
