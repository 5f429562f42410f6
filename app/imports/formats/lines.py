"""Text becomes lines; one without end is cut, so that it never fills the memory."""

import re

# Up to the first line's end; line ends within quotes belong to a name.
_FIRST_END = re.compile(r'(?:[^"\r\n]++|"[^"]*+")*+(\r\n?|\n)')


class Lines:
    """Splits text that comes in blocks.

    Lines come without their LF, and with their CR where one stands before it. A line of more
    than `most` characters comes with the first `most + 1`, or whole.

    Args:
        may_end_in_cr: whether the first line decides that a lone CR ends lines.
    """

    def __init__(self, most: int, *, may_end_in_cr: bool) -> None:
        self._most = most
        self._tail: list[str] = []
        self._tail_length = 0
        self._is_undecided = may_end_in_cr
        self._is_cr = False

    def feed(self, text: str) -> list[str]:
        """The lines that are complete with this text."""
        if self._is_undecided:
            text = self._decided(text)
        if self._is_cr:
            text = text.replace("\r", "\n")
        if "\n" not in text:
            self._keep(text)
            return []
        lines = text.split("\n")
        self._keep(lines[0])
        lines[0] = self._taken()
        self._keep(lines.pop())
        return lines

    def finish(self) -> list[str]:
        """The last line, if the file does not end in a line's end."""
        if self._is_undecided:
            self._is_undecided = False
            # Only one line end at most, and it is the last character.
            return self.feed(self._taken()) + self.finish()
        last = self._taken()
        return [last] if last else []

    def _decided(self, text: str) -> str:
        """Everything up to now, once it is known how lines end; until then nothing."""
        # Not cut: it may be far more than the first line.
        text = self._taken() + text
        end = _FIRST_END.match(text)
        is_known = end is not None and (end[1] != "\r" or end.end() < len(text))
        if not is_known and len(text) <= self._most:
            self._keep(text)
            return ""
        self._is_undecided = False
        self._is_cr = end is not None and end[1] == "\r"
        return text

    def _keep(self, text: str) -> None:
        room = self._most + 1 - self._tail_length
        if text and room > 0:
            # A slice of all of it is the text itself.
            self._tail.append(text[:room])
            self._tail_length += min(len(text), room)

    def _taken(self) -> str:
        kept = "".join(self._tail)
        self._tail, self._tail_length = [], 0
        return kept
