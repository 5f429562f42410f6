"""The fields that a column may lead to, by all their names."""

from collections.abc import Mapping

from app.core.values import plain
from app.imports.columns.participants import ParticipantRow
from app.models.states import UploadObject
from app.people.schemas import PersonUpsert
from app.responses.schemas import ResponseCreate

# Where a field stands in the item: `("person", "email")`.
Path = tuple[str, ...]

ATTRIBUTES = "attributes"
_PREFIXES: Mapping[UploadObject, tuple[str, ...]] = {
    UploadObject.RESPONSES: ("attributes.", "person.attributes."),
    UploadObject.PEOPLE: ("attributes.",),
    UploadObject.PARTICIPANTS: (),
}
# In a file of responses an `id` is whatever the sender counts by: it has to be said which it is.
_NEEDS_PREFIX = {*ResponseCreate.model_fields, "id"}
_NAMES: Mapping[UploadObject, Mapping[str, Path]] = {
    UploadObject.RESPONSES: {
        **{name: ("person", name) for name in PersonUpsert.model_fields.keys() - _NEEDS_PREFIX},
        **{f"person.{name}": ("person", name) for name in PersonUpsert.model_fields},
        **{name: (name,) for name in ResponseCreate.model_fields},
    },
    UploadObject.PEOPLE: {name: (name,) for name in PersonUpsert.model_fields},
    UploadObject.PARTICIPANTS: {name: (name,) for name in ParticipantRow.model_fields},
}


def path_of(name: str, of: UploadObject) -> Path | None:
    """The field that goes by this name, or None.

    Letters' case, blanks around it, and hyphens or spaces for underscores make no difference; in
    the name of an attribute they do.
    """
    name = name.strip()
    for prefix in _PREFIXES[of]:
        if _folded(name[: len(prefix)]) == prefix:
            attribute = name[len(prefix) :].strip()
            return (*prefix[:-1].split("."), attribute) if _is_storable(attribute) else None
    return _NAMES[of].get(_folded(name))


def _folded(name: str) -> str:
    return name.casefold().replace(" ", "_").replace("-", "_")


def _is_storable(attribute: str) -> bool:
    try:
        return bool(plain(attribute))
    except ValueError:
        return False
