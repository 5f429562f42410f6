"""The code as text and as trees, for guards that look at how it is written."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def modules(*folders: str) -> list[Path]:
    """Every Python file of these folders, in a steady order."""
    found = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    assert found
    return sorted(found)


def name_of(path: Path) -> str:
    """`app/core/db.py`, whatever the machine."""
    return path.relative_to(ROOT).as_posix()


def nodes_of(path: Path) -> Iterator[ast.AST]:
    yield from ast.walk(ast.parse(path.read_text(), name_of(path)))


def place_of(path: Path, node: ast.expr) -> str:
    return f"{name_of(path)}:{node.lineno}"


def project() -> dict[str, object]:
    content: dict[str, object] = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return content
