"""The routes as the document has them: who may call each, what is in its path, what it takes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.core.auth import Scope
from tests.guards.test_routes import APP, IN_THE_API, PATHS, SCOPES_OF, scopes_in

Schema = dict[str, Any]

_IN_BRACES = re.compile(r"\{(\w+)\}")
# Headers that name nothing of anybody's: versions, keys that each account has for itself, and what
# is said of the body beside them.
HEADERS = {
    *("idempotency-key", "if-match", "last-event-id"),
    *("content-digest", "content-encoding", "digest", "tus-resumable", "upload-offset"),
}
# Where things are listed that have no list under their own path.
_LISTED = {"/v1/participant-actions": "/v1/today"}
# What is called the same in every account, and so is nobody's.
EVERYBODYS = {"/v1/batches"}


@dataclass(frozen=True)
class Operation:
    """One method of one path."""

    path: str
    method: str

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path}"

    @property
    def _shown(self) -> Schema:
        return PATHS[self.path][self.method]

    @property
    def scopes(self) -> frozenset[Scope]:
        """Any of them is enough; a probe asks for none."""
        found = SCOPES_OF.get((self.path, self.method))
        return frozenset(*scopes_in(found)) if found else frozenset()

    @property
    def collections(self) -> list[str]:
        """The list in which each thing named in the path is found, e.g. `/v1/people`."""
        found = (self.path[: found.start() - 1] for found in _IN_BRACES.finditer(self.path))
        return [_LISTED.get(one, one) for one in found]

    @property
    def placeholders(self) -> list[str]:
        """What each thing named in the path is called there, e.g. `person_id`."""
        return _IN_BRACES.findall(self.path)

    @property
    def statuses(self) -> frozenset[int]:
        return frozenset(int(status) for status in self._shown["responses"])

    @property
    def makes_what_is_missing(self) -> bool:
        return self.method == "put" and 201 in self.statuses

    @property
    def body(self) -> Schema | None:
        """The shape of its JSON body; None if it takes none."""
        content = self._shown.get("requestBody", {}).get("content", {})
        found: Schema | None = content.get("application/json", {}).get("schema")
        return resolved(found) if found is not None else None

    @property
    def takes_anything(self) -> bool:
        return bool(self._shown.get("parameters") or "requestBody" in self._shown)

    @property
    def filters(self) -> list[Schema]:
        return [one for one in self._shown.get("parameters", []) if one["in"] == "query"]

    @property
    def headers(self) -> set[str]:
        parameters = self._shown.get("parameters", [])
        return {one["name"].lower() for one in parameters if one["in"] == "header"}

    def at(self, *names: str) -> str:
        """Its address with these names in the path, in their order."""
        return filled(self.path, *names)


def filled(path: str, *names: str) -> str:
    """A path with these names in it, in their order."""
    left = iter(names)
    return _IN_BRACES.sub(lambda _: next(left), path)


OPERATIONS = [Operation(path, method) for path, method in IN_THE_API]


def resolved(schema: Schema) -> Schema:
    """The schema itself, in place of a name for it; what stands beside the name is kept."""
    while "$ref" in schema:
        named = APP.openapi()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        schema = {**named, **{word: said for word, said in schema.items() if word != "$ref"}}
    return schema


def alternatives(schema: Schema) -> list[Schema]:
    """What a value may be, null apart."""
    schema = resolved(schema)
    if "anyOf" not in schema:
        return [schema]
    found = [one for inner in schema["anyOf"] for one in alternatives(inner)]
    return [one for one in found if one.get("type") != "null"]


@dataclass(frozen=True)
class Field:
    """A field that a body may have: `ResponseCreate.campaign`, and where it stands."""

    name: str
    place: tuple[str | int, ...]
    schema: Schema
    is_required: bool


def fields_of(schema: Schema, within: tuple[str | int, ...] = ()) -> Iterator[Field]:
    """Every field that a body may have, at any depth; of a list's items by the first."""
    for one in alternatives(schema):
        for name, inner in one.get("properties", {}).items():
            place = (*within, name)
            is_required = name in one.get("required", [])
            yield Field(f"{one['title']}.{name}", place, inner, is_required)
            yield from fields_of(inner, place)
        if "items" in one:
            yield from fields_of(one["items"], (*within, 0))
