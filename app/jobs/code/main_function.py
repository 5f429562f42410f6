"""Finding `main` in main.py by reading it; nothing of it is executed. Pure.

source ──▶ tree ──▶ the last that binds `main` at the top level ──▶ a plain def? ──▶ 0 or 1

`if`, `try`, `with`, loops and `match` are looked into, functions and classes are not. `main` is
called with the event if it takes an argument at all: `main(event, context=None)` and
`main(*arguments)` get it, `main(*, flag=False)` and `main(**options)` get none.
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from app.jobs.code.errors import (
    CodeSyntaxError,
    MainFileTooLarge,
    MainNotFunction,
    MainNotPlain,
    NoMainFunction,
    TooManyParameters,
)

# Reading holds the whole process up: a second for the worst that fits, and some 100 MB.
MOST_SOURCE_BYTES = 128 * 2**10

_NAME = "main"
_VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
_OPAQUE = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda),
    *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
)


@dataclass(frozen=True, slots=True)
class _Binding:
    line: int
    function: ast.FunctionDef | ast.AsyncFunctionDef | None


def arity_of_main(source: bytes, name: str) -> int:
    """With how many arguments `main` is to be called: 0 or 1.

    Args:
        source: the file, encoded as Python files may be.
        name: of the file, for errors.

    Raises:
        MainFileTooLarge, CodeSyntaxError, NoMainFunction, MainNotFunction, MainNotPlain,
        TooManyParameters: see each.
    """
    bindings = list(_bindings(_parsed(source, name)))
    if not bindings:
        raise NoMainFunction(name=name)
    main = bindings[-1]
    if main.function is None:
        raise MainNotFunction(name=name, line=main.line)
    if isinstance(main.function, ast.AsyncFunctionDef):
        raise MainNotPlain(name=name, line=main.line, kind="async")
    if _yields(main.function):
        raise MainNotPlain(name=name, line=main.line, kind="a generator")
    return _arity(main.function, name)


def _parsed(source: bytes, name: str) -> ast.Module:
    if len(source) > MOST_SOURCE_BYTES:
        raise MainFileTooLarge(name=name, most_bytes=MOST_SOURCE_BYTES)
    try:
        return ast.parse(source, name)
    except SyntaxError as error:
        raise CodeSyntaxError(name=name, version=_VERSION, line=error.lineno or 1) from None
    except (ValueError, RecursionError, MemoryError):
        # A NUL, or brackets and the like nested by the thousand: no line is known.
        raise CodeSyntaxError(name=name, version=_VERSION, line=1) from None


def _bindings(tree: ast.Module) -> Iterator[_Binding]:
    """Whatever gives `main` a meaning at the top level, in the order of the file."""
    # No recursion: an expression may be nested deeper than Python calls.
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                if node.name == _NAME:
                    yield _Binding(node.lineno, node)
            case ast.ClassDef(name=name):
                if name == _NAME:
                    yield _Binding(node.lineno, None)
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                if any((one.asname or one.name.partition(".")[0]) == _NAME for one in names):
                    yield _Binding(node.lineno, None)
            case ast.Name(id=name, ctx=ast.Store()) if name == _NAME:
                yield _Binding(node.lineno, None)
        if not isinstance(node, _OPAQUE):
            waiting += reversed(list(ast.iter_child_nodes(node)))


def _yields(function: ast.FunctionDef) -> bool:
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Yield | ast.YieldFrom):
            return True
        if not isinstance(node, _OPAQUE):
            waiting += ast.iter_child_nodes(node)
    return False


def _arity(function: ast.FunctionDef, name: str) -> int:
    given = function.args
    positional = [*given.posonlyargs, *given.args]
    needed = len(positional) - len(given.defaults)
    needs_keywords = any(default is None for default in given.kw_defaults)
    if needed > 1 or needs_keywords:
        raise TooManyParameters(name=name, line=function.lineno)
    return 1 if positional or given.vararg else 0
