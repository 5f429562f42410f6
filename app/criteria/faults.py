"""The list of what is wrong, while it is being written."""

from app.core.errors import Fault

MAX_FAULTS = 100


class Enough(Exception):
    """There is no point in looking any further."""


class Faults(list[Fault]):
    """Faults in the order they were found; the hundredth ends the search."""

    def note(self, pointer: str, code: str, detail: str) -> None:
        """Add one fault.

        Raises:
            Enough: the list is full.
        """
        self.append(Fault(pointer, code, detail))
        if len(self) >= MAX_FAULTS:
            raise Enough
