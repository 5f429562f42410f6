"""Identifiers are made quickly, and are UUIDs to everybody."""

import json
from uuid import UUID

from pydantic import TypeAdapter

from app.core.ids import uuid7


def test_an_identifier_is_a_uuid_of_version_7_that_sorts_after_the_one_before() -> None:
    made = [uuid7() for _ in range(1_000)]

    assert made == sorted(made)
    assert len(set(made)) == 1_000
    assert {one.version for one in made} == {7}


def test_it_is_equal_to_the_same_one_made_of_text() -> None:
    made = uuid7()
    same = UUID(str(made))

    assert (made == same, hash(made) == hash(same), {made: 1}[same]) == (True, True, 1)
    assert isinstance(made, UUID)


def test_it_is_written_and_read_by_the_wire() -> None:
    made, wire = uuid7(), TypeAdapter(UUID)

    assert json.loads(wire.dump_json(made)) == str(made)
    assert wire.validate_python(made, strict=True) == made
