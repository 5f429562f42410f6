"""The OpenAPI document: what the routes say, and the shapes that are checked item by item."""

from typing import Any

from fastapi import FastAPI
from pydantic.json_schema import models_json_schema

from app.responses.schemas import ResponseBatch, ResponseCreate

_BY_ITEM = (ResponseCreate, ResponseBatch)


def describe(app: FastAPI) -> dict[str, Any]:
    """The whole document, made once per process."""
    if app.openapi_schema is None:
        document = FastAPI.openapi(app)
        _, found = models_json_schema(
            [(model, "validation") for model in _BY_ITEM],
            ref_template="#/components/schemas/{model}",
        )
        document["components"]["schemas"].update(found["$defs"])
        app.openapi_schema = document
    return app.openapi_schema
