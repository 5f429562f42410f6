"""Cron expressions: five fields, in which minutes of which days they fire. Pure.

Parsed by `cronsim`, which reads them as Debian's cron does: where both days (of the month, of the
week) are restricted, either is enough; where one begins with a star, both must fit. Names, `L`,
`LW` and `5#2` are understood. What a change of the clocks does to them is decided elsewhere, so
of `cronsim` only the fields and the days are used, not its walk through time.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Annotated

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator, Field

from app.core.faults import Wrong
from app.core.values import Text

_MINUTES = tuple(range(24 * 60))
_SOME_DAY = datetime(2001, 1, 1)  # noqa: DTZ001  # a local time; the zone comes later
# Dates and weekdays repeat after 28 years.
_CYCLE_YEARS = range(2001, 2029)


@dataclass(frozen=True, slots=True)
class Cron:
    """An expression, understood."""

    minutes: tuple[int, ...]  # of the day, rising
    months: frozenset[int]
    fields: CronSim
    wants_every_hour: bool

    def wants(self, day: date) -> bool:
        """Whether it fires on this day, if its month is one of `months`."""
        return self.fields.match_day(day)


@lru_cache(maxsize=2_048)
def understood(expression: str) -> Cron:
    """The expression's meaning.

    Raises:
        CronSimError: it has none.
    """
    if len(expression.split()) != 5:
        raise CronSimError("Wrong number of fields")
    fields = CronSim(expression, _SOME_DAY)
    minutes = [_MINUTES[60 * hour + minute] for hour in fields.hours for minute in fields.minutes]
    return Cron(
        minutes=tuple(sorted(minutes)),
        months=frozenset(fields.months),
        fields=fields,
        wants_every_hour=len(fields.hours) == 24,
    )


@lru_cache(maxsize=2_048)
def _ever_fires(expression: str) -> bool:
    cron = understood(expression)
    return any(
        cron.wants(date(year, month, day))
        for year in _CYCLE_YEARS
        for month in sorted(cron.months)
        for day in range(1, monthrange(year, month)[1] + 1)
    )


def _checked(expression: str) -> str:
    try:
        ever_fires = _ever_fires(expression)
    except CronSimError as error:
        # Its words name a field and nothing of the expression: "Bad day-of-month".
        raise Wrong("bad_cron", f"is no cron expression of five fields ({error})") from None
    if not ever_fires:
        raise Wrong("never", "never fires")
    return expression


Expression = Annotated[
    Text, Field(max_length=200, examples=["10 6 * * mon-fri"]), AfterValidator(_checked)
]
