"""Values that no reader of a log may see, found and covered. Pure.

A value is also covered in the spellings that logs are full of: as JSON and as Python write it, as
an address does, and the lines of one that has several. Whoever hides their own secret from us on
purpose (backwards, in base 64) can; this is against accidents.
"""

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

COVER = "***"
SHORTEST = 4
_A_FEW = 16
# JSON nested deeper than this is nobody's data; it would only fill our stack.
_DEEPEST = 50


def clean(text: str) -> str:
    """The text without what no database and no terminal takes: NUL and halves of characters."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


class Masker:
    """Covers every occurrence of the values it was given, overlapping ones included."""

    def __init__(self, *settings: Mapping[str, Any]) -> None:
        values = {text for each in settings for text in _texts(each)}
        spelled = {way for text in values for way in _spellings(text)}
        # The longest first: at each place the longest that fits is covered.
        self._needles = sorted((text for text in spelled if len(text) >= SHORTEST), key=_by_length)
        groups: dict[str, list[str]] = defaultdict(list)
        for needle in self._needles:
            groups[needle[:SHORTEST]].append(needle)
        self._groups = {beginning: tuple(group) for beginning, group in groups.items()}
        self.longest = len(self._needles[0]) if self._needles else 0

    def masked(self, text: str, *, most: int | None = None) -> str:
        """The text with its values covered, cut after `most` of its own characters.

        It is cut after it was covered: half a value at the cut is covered as well, if the text
        reaches `longest` characters beyond it.
        """
        if most is not None:
            text = text[: most + self.longest]
        if self._holds_none(text):
            return text[:most]
        parts, done = [], 0
        for start, end in _merged(self._spans(text)):
            if most is not None and start >= most:
                break
            parts += [text[done:start], COVER]
            done = end
        return "".join(parts) + text[done:most]

    def _holds_none(self, text: str) -> bool:
        """Whether a few values are seen, at a glance, not to be there."""
        if len(self._needles) > _A_FEW:
            return len(text) < SHORTEST
        return not any(needle in text for needle in self._needles)

    def _spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Where the values are, from left to right; of those that begin at one place the longest.

        A place is asked for by its first characters: a job may have hundreds of values, and looking
        for each of them in each short line took seconds for a pipe's worth of lines.
        """
        find = self._groups.get
        for start in range(len(text) - SHORTEST + 1):
            group = find(text[start : start + SHORTEST])
            if group is not None and text.startswith(group, start):
                needle = next(one for one in group if text.startswith(one, start))
                yield start, start + len(needle)

    def masked_piece(self, text: str, *, before: bool = False, behind: bool = False) -> str:
        """The same of a text that was cut out of a longer one before we saw it: what may be the
        rest of a value at such an end is covered, too.
        """
        head = max((_overlap(needle, text) for needle in self._needles), default=0) if before else 0
        tail = max((_overlap(text, needle) for needle in self._needles), default=0) if behind else 0
        # Together, for they may overlap: what one of them leaves over is no value any more.
        ends = [(0, head), (len(text) - tail, len(text))]
        inside = () if self._holds_none(text) else self._spans(text)
        spans = [*(end for end in ends if end[0] < end[1]), *inside]
        parts, done = [], 0
        for start, end in _merged(sorted(spans)):
            parts += [text[done:start], COVER]
            done = end
        return "".join(parts) + text[done:]

    def masked_json(self, value: Any, *, depth: int = 0) -> Any:
        """The same for every text within a JSON value, keys included."""
        if depth > _DEEPEST:
            return "…"
        if isinstance(value, str):
            return self.masked(clean(value))
        if isinstance(value, list):
            return [self.masked_json(item, depth=depth + 1) for item in value]
        if isinstance(value, dict):
            return {
                self.masked(clean(str(name))): self.masked_json(item, depth=depth + 1)
                for name, item in value.items()
            }
        if isinstance(value, float) and not math.isfinite(value):
            return None
        if isinstance(value, int | float) and not isinstance(value, bool):
            return value if self.masked(str(value)) == str(value) else COVER
        return value


def _overlap(left: str, right: str) -> int:
    """How many characters of the right text's beginning are the left one's end."""
    longest = min(len(left), len(right))
    lengths = range(longest, SHORTEST - 1, -1)
    return next((length for length in lengths if left.endswith(right[:length])), 0)


def _by_length(text: str) -> tuple[int, str]:
    return -len(text), text


def _texts(value: Any) -> Iterator[str]:
    """Every text and number within; true, false and null say nothing."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)


def _spellings(text: str) -> Iterator[str]:
    text = text.replace("\0", "")
    yield text
    yield text.strip()
    yield json.dumps(text)[1:-1]
    yield json.dumps(text, ensure_ascii=False)[1:-1]
    yield repr(text)[1:-1]
    yield quote(text, safe="", errors="replace")
    yield quote(text, errors="replace")
    yield quote_plus(text, errors="replace")
    if len(lines := text.splitlines()) > 1:
        yield from (line.strip() for line in lines)


def _merged(spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    begin = end = -1
    for start, stop in spans:
        if start > end:
            if end > begin:
                yield begin, end
            begin, end = start, stop
        else:
            end = max(end, stop)
    if end > begin:
        yield begin, end
