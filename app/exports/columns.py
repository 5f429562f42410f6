"""What an export may hold: the columns of each object, and where their values are. Pure.

As in criteria, `p` is people, `c` is campaigns, `r` is responses; and `n` is runs. An export of
responses may also have columns of the person and the campaign, under the names of criteria.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from app.models.states import BatchName


class ExportObject(StrEnum):
    """What the rows of an export are."""

    PEOPLE = "people"
    RESPONSES = "responses"
    RUNS = "runs"


class ColumnType(StrEnum):
    """How a value is read and written."""

    TEXT = "text"
    NUMBER = "number"
    FLAG = "flag"
    MOMENT = "moment"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name in the file, and the SQL of its value.

    With a `key` it is one entry of the JSON that `sql` names; the key is bound, never spliced in.
    """

    name: str
    sql: str
    type: ColumnType
    key: str | None = None


_TEXT, _NUMBER, _FLAG, _MOMENT, _JSON = ColumnType


def _columns(alias: str, type_: ColumnType, names: str) -> Iterator[Column]:
    for name in names.split():
        yield Column(name, f"{alias}.{name}", type_)


def _in_order(names: str, *columns: Iterator[Column] | list[Column]) -> Mapping[str, Column]:
    found = {column.name: column for some in columns for column in some}
    return {name: found[name] for name in names.split()}


_PEOPLE = _in_order(
    "id kind email external_id first_name last_name title company phone country industry"
    " lead_source score owner opted_out email_opted_out sms_opted_out attributes converted_at"
    " nurture_until response_status active_response_id last_response_at created_at updated_at",
    _columns("p", _TEXT, "id kind email external_id first_name last_name title company phone"),
    _columns("p", _TEXT, "country industry lead_source owner response_status active_response_id"),
    _columns("p", _NUMBER, "score"),
    _columns("p", _FLAG, "opted_out email_opted_out sms_opted_out"),
    _columns("p", _MOMENT, "converted_at nurture_until last_response_at created_at updated_at"),
    _columns("p", _JSON, "attributes"),
)
_CAMPAIGN = _in_order(
    "id code name score launched_at created_at attributes",
    _columns("c", _TEXT, "id code name"),
    _columns("c", _NUMBER, "score"),
    _columns("c", _MOMENT, "launched_at created_at"),
    _columns("c", _JSON, "attributes"),
)
_RESPONSES = _in_order(
    "id campaign_id person_id repeat_number member_status is_responded status mode response_prompt"
    " user external_id responded_at received_at score score_total score_person score_campaign"
    " score_rules ruleset_version scored_at resolved_at attributes",
    _columns("r", _TEXT, "id campaign_id person_id member_status status mode external_id"),
    [Column("user", "r.user_name", _TEXT), Column("response_prompt", "r.is_prompt", _FLAG)],
    _columns("r", _FLAG, "is_responded"),
    _columns("r", _NUMBER, "repeat_number score score_total score_person score_campaign"),
    _columns("r", _NUMBER, "score_rules ruleset_version"),
    _columns("r", _MOMENT, "responded_at received_at scored_at resolved_at"),
    _columns("r", _JSON, "attributes"),
)
# As the API: what keeps a run going, and what a caller gave to code, is nobody else's.
_HIDDEN = "progress,at_work,held,held_since,retries_used,body,query,version,at"
_OF_CAMPAIGN = "n.kind IN ('scoring', 'launch')"
_NAMES = " ".join(f"WHEN '{name.id}' THEN '{name}'" for name in BatchName)
_BATCH = f"CASE n.subject_id {_NAMES} END"
_RUNS = _in_order(
    "id kind state trigger campaign_id upload_id job_id group_id batch requested_by reason attempt"
    " parent_run_id planned_at schedule_minute queued_at started_at finished_at total processed"
    " succeeded failed skipped unprocessed created updated code_version cancel_asked_at"
    " cancelled_by cancel_reason error_code error_detail details",
    _columns("n", _TEXT, "id kind state trigger job_id requested_by reason parent_run_id"),
    _columns("n", _TEXT, "cancelled_by cancel_reason error_code error_detail"),
    [Column("campaign_id", f"CASE WHEN {_OF_CAMPAIGN} THEN n.subject_id END", _TEXT)],
    [Column("group_id", "CASE n.kind WHEN 'group' THEN n.subject_id END", _TEXT)],
    [Column("batch", f"CASE n.kind WHEN 'batch' THEN {_BATCH} END", _TEXT)],
    [Column("upload_id", "CASE n.kind WHEN 'import' THEN n.subject_id END", _TEXT)],
    _columns("n", _NUMBER, "attempt total processed succeeded failed skipped unprocessed"),
    _columns("n", _NUMBER, "created updated schedule_minute code_version"),
    _columns("n", _MOMENT, "planned_at queued_at started_at finished_at cancel_asked_at"),
    [Column("details", f"n.details - '{{{_HIDDEN}}}'::text[]", _JSON)],
)


def _within(record: str, columns: Mapping[str, Column]) -> Mapping[str, Column]:
    named = (replace(column, name=f"{record}.{name}") for name, column in columns.items())
    return {column.name: column for column in named}


# With nothing else asked for: the object's own columns, and by what people know what it names.
_BY_DEFAULT = {
    ExportObject.PEOPLE: tuple(_PEOPLE),
    ExportObject.RESPONSES: (
        *_RESPONSES,
        *("campaign.code", "person.email", "person.external_id"),
    ),
    ExportObject.RUNS: tuple(_RUNS),
}
_KNOWN = {
    ExportObject.PEOPLE: _PEOPLE,
    ExportObject.RESPONSES: {
        **_RESPONSES,
        **_within("person", _PEOPLE),
        **_within("campaign", _CAMPAIGN),
    },
    ExportObject.RUNS: _RUNS,
}


def default_names(exported: ExportObject) -> tuple[str, ...]:
    """The columns of an export that names none."""
    return _BY_DEFAULT[exported]


def find_column(exported: ExportObject, name: str) -> Column | None:
    """The column of that name, or None; whatever follows `attributes.` is one."""
    known = _KNOWN[exported]
    if name in known:
        return known[name]
    before, dot, key = name.partition("attributes.")
    whole = known.get(f"{before}attributes")
    if whole is None or not dot or not key:
        return None
    return replace(whole, name=name, key=key)
