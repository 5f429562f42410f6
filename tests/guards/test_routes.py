"""Every route says who may call it, what it does and what can go wrong."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts

from app.core.auth import Scope
from app.core.problems import MEDIA_TYPE
from app.core.settings import Settings
from app.main import create_app

APP = create_app(Settings.for_documents())
PATHS: dict[str, dict[str, dict[str, Any]]] = APP.openapi()["paths"]
OPERATIONS = [(path, method) for path, methods in PATHS.items() for method in methods]
IN_THE_API = [(path, method) for path, method in OPERATIONS if path.startswith("/v1/")]
SCOPES_OF = {
    (context.path_format, method.lower()): context.dependant
    for context in iter_route_contexts(APP.routes)
    if (context.path_format or "").startswith("/v1/")
    for method in context.methods or ()
}


def scopes_in(dependant: Dependant) -> Iterator[tuple[Scope, ...]]:
    """The scopes that any dependency of a route asks for."""
    scopes = getattr(dependant.call, "scopes", None)
    if scopes is not None:
        yield scopes
    for inner in dependant.dependencies:
        yield from scopes_in(inner)


def test_there_are_routes() -> None:
    assert len(IN_THE_API) > 30
    assert set(IN_THE_API) == set(SCOPES_OF)


@pytest.mark.parametrize(("path", "method"), IN_THE_API)
def test_a_route_asks_for_a_scope(path: str, method: str) -> None:
    asked = list(scopes_in(SCOPES_OF[path, method]))

    assert len(asked) == 1
    assert asked[0]
    assert set(asked[0]) <= set(Scope)


def test_only_probes_are_outside_the_api() -> None:
    outside = {path for path, _ in OPERATIONS} - {path for path, _ in IN_THE_API}

    assert outside == {"/healthz", "/readyz", "/metrics"}


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_a_route_says_what_it_does(path: str, method: str) -> None:
    said = PATHS[path][method].get("description", "")

    assert said.partition("\n")[0].rstrip().endswith(".")


@pytest.mark.parametrize(("path", "method"), IN_THE_API)
def test_a_route_says_what_can_go_wrong(path: str, method: str) -> None:
    responses = PATHS[path][method]["responses"]

    for status in ("401", "403", "422", "429", "503"):
        assert status in responses
    for status, response in responses.items():
        if status >= "400":
            assert MEDIA_TYPE in response["content"]
            assert "`" in response["description"]  # the codes that a program switches on
        assert response["description"]


@pytest.mark.parametrize(("path", "method"), IN_THE_API)
def test_what_is_named_in_the_path_may_be_missing(path: str, method: str) -> None:
    responses = PATHS[path][method]["responses"]
    makes_what_is_missing = method == "put" and "201" in responses

    assert "{" not in path or makes_what_is_missing or "404" in responses


@pytest.mark.parametrize(("path", "method"), IN_THE_API)
def test_a_route_with_a_body_says_which_bodies_it_refuses(path: str, method: str) -> None:
    operation = PATHS[path][method]
    codes = {status: response["description"] for status, response in operation["responses"].items()}
    media_types = operation.get("requestBody", {}).get("content", {})
    takes_json = any("json" in media_type for media_type in media_types)

    assert ("requestBody" in operation) == ("`body_too_large`" in codes.get("413", ""))
    assert takes_json == ("`not_json`" in codes.get("415", ""))
    assert "`validation_failed`" in codes["422"]


@pytest.mark.parametrize(("path", "method"), IN_THE_API)
def test_every_post_and_nothing_else_takes_an_idempotency_key(path: str, method: str) -> None:
    operation = PATHS[path][method]
    names = {parameter["name"] for parameter in operation.get("parameters", [])}

    assert ("Idempotency-Key" in names) == (method == "post")
    if method == "post":
        assert "`request_in_progress`" in operation["responses"]["409"]["description"]
        assert "`idempotency_key_reused`" in operation["responses"]["422"]["description"]


def test_bounds_have_the_names_of_json_schema() -> None:
    properties = APP.openapi()["components"]["schemas"]["AsyncUser"]["properties"]

    assert properties["threshold"].keys() >= {"minimum", "maximum"}
    assert '"ge":' not in json.dumps(APP.openapi())
