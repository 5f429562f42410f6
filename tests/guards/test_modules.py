"""How modules are named, how long they are, and what they say about what they ignore."""

import ast
import re
from pathlib import Path

import pytest

from tests.guards.sources import ROOT, modules, name_of, nodes_of, place_of

LONGEST = 300
SAYS_NOTHING = {"utils", "util", "helpers", "helper", "common", "manager", "base", "misc"}
# Everything after the codes is the reason, behind a second `#` or in brackets.
IGNORES = re.compile(r"#\s*(?:noqa|type:\s*ignore|pragma)\b(?P<rest>.*)")
CODES = re.compile(r"^:?\s*(?:\[[a-z, -]+\]|[A-Z]+[0-9]+(?:,\s*[A-Z]+[0-9]+)*)?")
# What other tools read on the same line is not a reason.
MARKS = re.compile(r"isort:\s*\w+|fmt:\s*\w+|[\W_]+")
READS_THE_ENVIRONMENT = ("app/core/settings.py", "app/embedded/")


@pytest.mark.parametrize("path", modules("app", "workers", "tests", "alembic"), ids=name_of)
def test_a_module_is_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST


def test_every_name_says_something() -> None:
    names = {part for path in modules("app", "workers") for part in _parts(path)}

    assert names & SAYS_NOTHING == set()


def test_whatever_is_ignored_has_a_reason() -> None:
    """`# noqa: S311  # not a secret`: the line itself says why the rule does not fit."""
    silent = [
        f"{name_of(path)}:{number}"
        for path in modules("app", "workers", "alembic")
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if (found := IGNORES.search(line)) and not has_reason(found["rest"])
    ]

    assert silent == []


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        (": S311  # not a secret", True),
        ("[method-assign]  # FastAPI's documented way", True),
        (": F401  (fills the metadata)", True),
        (": S311", False),
        (": S311, F401", False),
        (": F401  isort: skip", False),
        ("", False),
    ],
)
def test_the_guard_knows_a_reason(rest: str, expected: bool) -> None:
    assert has_reason(rest) is expected


def test_only_the_settings_and_the_embedded_stack_read_the_environment() -> None:
    elsewhere = [
        place_of(path, node)
        for path in modules("app", "workers")
        if not name_of(path).startswith(READS_THE_ENVIRONMENT)
        for node in nodes_of(path)
        if isinstance(node, ast.Attribute)
        if isinstance(node.value, ast.Name) and node.value.id == "os"
        if node.attr in {"environ", "environb", "getenv", "putenv", "unsetenv"}
    ]

    assert elsewhere == []


def test_migrations_are_no_package() -> None:
    """One called `alembic` would hide the library of that name."""
    assert not list((ROOT / "alembic").rglob("__init__.py"))


def has_reason(rest: str) -> bool:
    return bool(MARKS.sub("", CODES.sub("", rest, count=1)))


def _parts(path: Path) -> set[str]:
    return set(path.relative_to(ROOT).with_suffix("").parts)
