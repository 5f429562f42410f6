"""One record at a time, as tests of columns look at them."""

from typing import TypeVar

from app.imports.columns.people import PersonItem
from app.imports.columns.plan import AnyItem, Plan
from app.imports.columns.responses import ResponseRow
from app.responses.intake.items import Invalid, Item
from app.responses.schemas import ResponseCreate

T = TypeVar("T", bound=AnyItem)


def item_of(plan: Plan[T], cells: list[str], index: int = 0) -> T | Invalid:
    """The item of one record, or what is wrong with it."""
    found = plan.parse({index: cells})
    items: list[T | Invalid] = [*found.items, *found.invalid]
    (item,) = items
    return item


def is_same(item: Item | PersonItem | Invalid, expected: Item | PersonItem | Invalid) -> bool:
    """Whether a row came to what the API would make of the same JSON."""
    if isinstance(item, Item) and isinstance(expected, Item):
        assert isinstance(expected.given, ResponseCreate)
        fields = [*ResponseCreate.model_fields, "asks_for_scoring"]
        persons = (item.given.person, expected.given.person)
        return (
            item.index == expected.index
            and [getattr(item.given, f) for f in fields]
            == [getattr(expected.given, f) for f in fields]
            and len({tuple(sorted(person.model_fields_set)) for person in persons}) == 1
            and _written(item) == expected.given.model_dump_json()
        )
    if isinstance(item, PersonItem) and isinstance(expected, PersonItem):
        return (
            item == expected
            and item.given.model_fields_set == expected.given.model_fields_set
            and item.given.model_dump_json() == expected.given.model_dump_json()
        )
    return item == expected


def _written(item: Item) -> str:
    given = item.given
    if isinstance(given, ResponseRow):
        fields = {name: getattr(given, name) for name in ResponseCreate.model_fields}
        return ResponseCreate.model_construct(**fields).model_dump_json()
    assert isinstance(given, ResponseCreate)
    return given.model_dump_json()
