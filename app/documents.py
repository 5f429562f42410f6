"""The OpenAPI document: what the routes say, what is true of all of them, and the shapes that are
checked item by item.
"""

from typing import Any

from fastapi import FastAPI
from pydantic.json_schema import models_json_schema

from app.accounts.errors import IdempotencyKeyReused, RequestInProgress
from app.core.errors import AppError
from app.core.middleware import BodyTooLarge
from app.core.problems import MEDIA_TYPE, ValidationFailed, problems
from app.core.routes import NotJson
from app.notifications.examples import example_of
from app.notifications.outbox import EventType
from app.responses.schemas import ResponseBatch, ResponseCreate

_BY_ITEM = (ResponseCreate, ResponseBatch)
_PROBLEM = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
# Pydantic leaves a bound behind a validator of ours under its own name.
_BOUNDS = {"ge": "minimum", "le": "maximum"}


def describe(app: FastAPI) -> dict[str, Any]:
    """The whole document, made once per process."""
    if app.openapi_schema is None:
        document = FastAPI.openapi(app)
        _, found = models_json_schema(
            [(model, "validation") for model in _BY_ITEM],
            ref_template="#/components/schemas/{model}",
        )
        document["components"]["schemas"].update(found["$defs"])
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                if path.startswith("/v1/"):
                    _complete(method, operation)
        for word in EventType:
            # Added here: the framework would leave out what is null in them.
            content = document["webhooks"][word.value]["post"]["requestBody"]["content"]
            content["application/json"]["example"] = example_of(word)
        _name_bounds(document["components"]["schemas"])
        app.openapi_schema = document
    return app.openapi_schema


def _complete(method: str, operation: dict[str, Any]) -> None:
    """Declare what no route says for itself: refusals of the body, and of a repeat."""
    errors: list[type[AppError]] = [ValidationFailed]
    parameters = operation.get("parameters", [])
    repeats = [known for known in parameters if known["name"] == "Idempotency-Key"]
    if "requestBody" in operation:
        errors.append(BodyTooLarge)
        if any("json" in media_type for media_type in operation["requestBody"]["content"]):
            errors.append(NotJson)
    if repeats and method == "post":
        errors += [RequestInProgress, IdempotencyKeyReused]
    elif repeats:  # only a POST is kept for its repeat; elsewhere the header means nothing
        parameters.remove(*repeats)
        if not parameters:
            del operation["parameters"]
    for status, said in problems(*errors).items():
        shown = operation["responses"].setdefault(str(status), {"description": ""})
        codes = [
            *filter(None, shown["description"].split(" · ")),
            *said["description"].split(" · "),
        ]
        shown["description"] = " · ".join(dict.fromkeys(codes))
    for status, response in operation["responses"].items():
        if status >= "400":
            response["content"] = _PROBLEM
    operation["responses"] = dict(sorted(operation["responses"].items()))


def _name_bounds(schema: Any) -> None:
    """Give every bound the name that JSON Schema has for it."""
    if isinstance(schema, list):
        for inner in schema:
            _name_bounds(inner)
    elif isinstance(schema, dict):
        for ours, theirs in _BOUNDS.items():
            if isinstance(schema.get(ours), int | float):
                schema[theirs] = schema.pop(ours)
        for inner in schema.values():
            _name_bounds(inner)
