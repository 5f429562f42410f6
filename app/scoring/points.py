"""Points: a ruleset version as SQL that yields, per response, which rules match and their sum."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from app.core.driver import Transaction, driver_of
from app.criteria.compile import Parameters, compile_sql
from app.criteria.parse import parse

_RULES = "SELECT rules FROM rulesets WHERE account_id = $1 AND version = $2"
_KEPT_VERSIONS = 256


@dataclass(frozen=True, slots=True)
class Points:
    """SQL over the aliases `p`, `c`, `r`; versions never change, so this may be kept.

    `hits` is an array of booleans in the order of the rules, `points` the points in that order and
    parameter `POINTS`; `total` adds up those of `t.hits`. `values` belong to the parameters from
    `FIRST_PARAMETER` on. Business time is parameter `NOW`.
    """

    version: int | None
    hits: str
    total: str
    points: list[int]
    values: list[object]


NOW = "$3::timestamptz"
POINTS = "$4::bigint[]"
FIRST_PARAMETER = 5
# Nothing to add up, but the parameter is there.
NO_RULES = Points(None, "ARRAY[]::boolean[]", f"cardinality({POINTS})::bigint", [], [])

_kept: OrderedDict[tuple[UUID, int], Points] = OrderedDict()


def compile_rules(version: int, rules: Sequence[dict[str, Any]]) -> Points:
    """Write the rules of one version as SQL; each is a condition that is never NULL.

    Points are added up one by one: an aggregate over the array is a function scan for each row.
    """
    if not rules:
        return replace(NO_RULES, version=version)
    parameters = Parameters(FIRST_PARAMETER)
    hits = ", ".join(compile_sql(parse(rule["criteria"]), parameters, now=NOW) for rule in rules)
    places = range(1, len(rules) + 1)
    total = " + ".join(f"CASE WHEN t.hits[{at}] THEN ({POINTS})[{at}] ELSE 0 END" for at in places)
    return Points(
        version,
        f"ARRAY[{hits}]::boolean[]",
        total,
        [rule["points"] for rule in rules],
        parameters.values,
    )


async def points_of(session: Transaction, account_id: UUID, version: int | None) -> Points:
    """The compiled rules of a version, compiled once per process; no version, no rules."""
    if version is None:
        return NO_RULES
    found = _kept.get((account_id, version))
    if found is None:
        driver = await driver_of(session)
        found = compile_rules(version, await driver.fetchval(_RULES, account_id, version))
        _kept[account_id, version] = found
        if len(_kept) > _KEPT_VERSIONS:
            _kept.popitem(last=False)
    else:
        _kept.move_to_end((account_id, version))
    return found
