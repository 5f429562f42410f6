"""What may be said of a schedule, what is wrong with the rest and where, and that it is kept."""

import json
from datetime import timedelta
from typing import Any

import pytest
from cronsim import CronSim
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError

from app.core.faults import faults_of
from app.schedules.rules import next_planned
from app.schedules.schemas import Schedule, stored
from tests.schedules.documents import documents, places
from tests.schedules.making import NOON, a_schedule
from tests.schedules.oracle import Place

DAILY = {"type": "daily", "at": ["09:00"]}
MONTHLY = {"type": "monthly", "at": ["09:00"]}


class Job(BaseModel):
    schedule: Schedule


def faults(document: object) -> set[tuple[str, str]]:
    """Places and codes, as the API names them in the body of a job."""
    with pytest.raises(ValidationError) as caught:
        Job.model_validate({"schedule": document})
    return {(fault.pointer, fault.code) for fault in faults_of(caught.value.errors())}


@pytest.mark.parametrize(
    ("document", "place", "code"),
    [
        ("daily", "", "model_attributes_type"),
        ({}, "/type", "missing"),
        ({"type": "hourly"}, "/type", "union_tag_invalid"),
        (DAILY | {"att": 1}, "/att", "extra_forbidden"),
        (DAILY | {"timezone": "Europe/Atlantis"}, "/timezone", "unknown_timezone"),
        (DAILY | {"starts_at": "2026-03-01T10:00:00"}, "/starts_at", "timezone_aware"),
        (DAILY | {"starts_at": "2200-01-01T00:00:00Z"}, "/starts_at", "out_of_reach"),
        (DAILY | {"starts_at": "2026-03-02T00:00:00Z", "ends_at": "2026-03-01T00:00:00Z"},
         "/ends_at", "ends_first"),
        (DAILY | {"grace": "PT0.5S"}, "/grace", "out_of_range"),
        (DAILY | {"grace": 300}, "/grace", "string_type"),
        (DAILY | {"catch_up": "P8D"}, "/catch_up", "out_of_range"),
        (DAILY | {"overlap": "queue"}, "/overlap", "enum"),
        (DAILY | {"dst": "never"}, "/dst", "model_type"),
        (DAILY | {"dst": {"missing": "both"}}, "/dst/missing", "literal_error"),
        (DAILY | {"pause_after_failures": 0}, "/pause_after_failures", "greater_than_equal"),
        (DAILY | {"pause_after_failures": True}, "/pause_after_failures", "int_type"),
        (DAILY | {"allowed_hours": [{"starts": "09:00", "ends": "09:00"}]},
         "/allowed_hours/0/ends", "empty"),
        (DAILY | {"allowed_hours": [{"starts": "24:00", "ends": "09:00"}]},
         "/allowed_hours/0/starts", "string_pattern_mismatch"),
        (DAILY | {"blackouts": [{}]}, "/blackouts/0", "one_of"),
        (DAILY | {"blackouts": [{"ends_on": "2026-01-01"}]}, "/blackouts/0/starts_on", "missing"),
        (DAILY | {"blackouts": [{"starts_on": 20260101}]}, "/blackouts/0/starts_on", "bad_date"),
        (DAILY | {"blackouts": [{"starts_on": "2026-02-30"}]}, "/blackouts/0/starts_on",
         "date_from_datetime_parsing"),
        (DAILY | {"blackouts": [{"starts_on": "2026-01-02", "ends_on": "2026-01-01"}]},
         "/blackouts/0/ends_on", "ends_first"),
        (DAILY | {"blackouts": [{"starts_on": "2026-01-02", "ends_at": "2026-01-01T00:00:00Z"}]},
         "/blackouts/0/ends_at", "one_of"),
        ({"type": "daily"}, "/at", "one_of"),
        ({"type": "daily", "at": []}, "/at", "too_short"),
        ({"type": "daily", "at": ["9:00"]}, "/at/0", "string_pattern_mismatch"),
        ({"type": "daily", "at": ["٠٩:00"]}, "/at/0", "string_pattern_mismatch"),
        ({"type": "daily", "at": ["09:00", "09:00"]}, "/at/1", "named_twice"),
        ({"type": "daily", "hour": 9}, "/slot", "missing"),
        ({"type": "daily", "slot": "0-14"}, "/hour", "missing"),
        ({"type": "daily", "hour": 24, "slot": "0-14"}, "/hour", "less_than_equal"),
        ({"type": "daily", "hour": 9, "slot": "0-15"}, "/slot", "enum"),
        ({"type": "daily", "hour": 9, "slot": "0-14", "minute": 15}, "/minute", "not_in_slot"),
        (DAILY | {"hour": 9}, "/hour", "one_of"),
        ({"type": "weekly", "at": ["09:00"]}, "/weekdays", "missing"),
        ({"type": "weekly", "at": ["09:00"], "weekdays": ["mon", "day"]}, "/weekdays/1", "enum"),
        ({"type": "weekly", "at": ["09:00"], "weekdays": ["mon", "mon"]}, "/weekdays/1",
         "named_twice"),
        (MONTHLY, "/days", "missing"),
        (MONTHLY | {"days": [1, 32]}, "/days/1", "bad_day"),
        (MONTHLY | {"days": ["first"]}, "/days/0", "bad_day"),
        (MONTHLY | {"days": [True]}, "/days/0", "bad_day"),
        ({"type": "once"}, "/starts_at", "missing"),
        ({"type": "interval"}, "/every", "missing"),
        ({"type": "interval", "every": "PT59S"}, "/every", "out_of_range"),
        ({"type": "interval", "every": "PT4M", "anchor": "midnight"}, "/every", "out_of_range"),
        ({"type": "interval", "every": "PT25H", "anchor": "midnight"}, "/every", "out_of_range"),
        ({"type": "cron", "cron": "* * * *"}, "/cron", "bad_cron"),
        ({"type": "cron", "cron": "0 * * * * *"}, "/cron", "bad_cron"),
        ({"type": "cron", "cron": "60 * * * *"}, "/cron", "bad_cron"),
        ({"type": "cron", "cron": "*/0 * * * *"}, "/cron", "bad_cron"),
        ({"type": "cron", "cron": "@daily"}, "/cron", "bad_cron"),
        ({"type": "cron", "cron": "0 0 30 2 *"}, "/cron", "bad_cron"),
        ({"type": "cron", "cron": "0 0 */31 2 1L"}, "/cron", "never"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_place(document: object, place: str, code: str) -> None:
    assert faults(document) == {(f"/schedule{place}", code)}


def test_several_places_are_named_at_once() -> None:
    document = {"type": "monthly", "at": ["xx"], "days": [0], "grace": "soon"}

    assert {place for place, _ in faults(document)} == {
        *("/schedule/at/0", "/schedule/days/0", "/schedule/grace")
    }


_FIELD = st.one_of(
    st.text("0123456789*/,-#LWmonfrisat", min_size=1, max_size=5),
    st.sampled_from(["*", "*/5", "1-7", "1,31", "L", "LW", "5#5", "7L", "feb", "2#1/2", "²L"]),
)


@given(text=st.lists(_FIELD, min_size=4, max_size=6).map(" ".join))
@settings(max_examples=1_000, deadline=None)
def test_a_cron_expression_fires_or_is_refused(text: str) -> None:
    """And it is never quoted: it may hold anything."""
    try:
        schedule = stored({"type": "cron", "cron": text, "timezone": "UTC"})
    except ValidationError as error:
        [fault] = faults_of(error.errors())
        assert fault.pointer == "/cron"
        assert fault.code in {"bad_cron", "never"}
        assert fault.code == "never" or text not in fault.detail
    else:
        assert len(text.split()) == 5
        fire = next_planned(schedule, after=NOON)
        assert fire is not None
        # Where no clock is changed, the library's own walk comes to the same.
        assert fire.at == next(CronSim(text, NOON))


@given(data=st.data(), place=places)
@settings(max_examples=150, deadline=None)
def test_what_is_stored_reads_back_as_it_was(data: st.DataObject, place: Place) -> None:
    schedule = stored(data.draw(documents(place.zone, place.day))[0])
    written = json.dumps(schedule.model_dump(mode="json"))

    assert stored(json.loads(written)) == schedule
    assert json.dumps(stored(json.loads(written)).model_dump(mode="json")) == written


@pytest.mark.parametrize(
    "schedule",
    [
        a_schedule("once", starts_at="2026-06-01T00:00:00+02:00"),
        a_schedule("interval", every="P1DT30M", grace="PT1H", catch_up="PT0S"),
        a_schedule("interval", every="PT5M", anchor="midnight", overlap="buffer_all"),
        a_schedule("daily", hour=15, slot="45-59", pause_after_failures=3, dst="skip"),
    ],
    ids=lambda schedule: schedule.type,
)
def test_settled_ones_read_back_too(schedule: Schedule) -> None:
    assert stored(json.loads(json.dumps(schedule.model_dump(mode="json")))) == schedule


def test_defaults() -> None:
    kept = stored(DAILY).model_dump(mode="json")

    assert (kept["grace"], kept["overlap"], kept["catch_up"]) == ("PT5M", "skip", None)
    assert kept["dst"] == {"missing": "after", "doubled": "first"}
    assert stored(DAILY).grace == timedelta(minutes=5)


def test_the_document_tells_the_types_apart() -> None:
    document: dict[str, Any] = TypeAdapter(Schedule).json_schema()

    assert document["discriminator"]["propertyName"] == "type"
    assert set(document["discriminator"]["mapping"]) == {
        *("once", "interval", "daily", "weekly", "monthly", "cron")
    }
    assert document["$defs"]["Daily"]["properties"]["minute"]["readOnly"] is True
