"""Time zones by their names, each read from its file once.

Python keeps the last eight; where accounts lie in more, a look at each was a twelfth of firing.
"""

from functools import cache
from zoneinfo import ZoneInfo


@cache  # there are some six hundred
def zone_named(name: str) -> ZoneInfo:
    """The zone. Raises what `ZoneInfo` does where there is none."""
    return ZoneInfo(name)
