"""There is one commit in the code: `unit_of_work()` in app/core/resources.py.

Migrations run outside it; the embedded stack and the command line have no sessions of their own.
"""

import ast
from collections.abc import Iterator

import pytest

from tests.guards.sources import modules, name_of, nodes_of, place_of

ONLY = "app/core/resources.py"
ENDS = {"commit", "rollback", "begin", "begin_twophase", "transaction"}


def transactions_in(tree: Iterator[ast.AST]) -> Iterator[ast.Call]:
    """Calls that open or end a transaction; savepoints (`begin_nested`) are not among them."""
    for node in tree:
        match node:
            case ast.Call(func=ast.Attribute(attr=name)) if name in ENDS:
                yield node


def test_only_the_unit_of_work_begins_and_ends_transactions() -> None:
    elsewhere = [
        place_of(path, call)
        for path in modules("app", "workers")
        if name_of(path) != ONLY
        for call in transactions_in(nodes_of(path))
    ]

    assert elsewhere == []


def test_the_unit_of_work_is_there_once() -> None:
    [resources] = [path for path in modules("app") if name_of(path) == ONLY]

    assert len(list(transactions_in(nodes_of(resources)))) == 1


def test_nothing_else_leaves_the_transaction() -> None:
    """No statement commits by itself, and no other module asks for autocommit."""
    words = ("COMMIT", "ROLLBACK", "AUTOCOMMIT")
    elsewhere = [
        place_of(path, node)
        for path in modules("app", "workers")
        if name_of(path) != ONLY
        for node in nodes_of(path)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if node.value.strip().upper().startswith(words)
    ]

    assert elsewhere == []


@pytest.mark.parametrize("line", ["session.commit()", "engine.begin()", "driver.transaction()"])
def test_the_guard_sees_a_transaction(line: str) -> None:
    assert list(transactions_in(ast.walk(ast.parse(line))))
