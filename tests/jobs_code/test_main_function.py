"""Which functions called main are taken, and with how many arguments they are called."""

import pytest

from app.core.errors import Invalid
from app.jobs.code.main_function import MOST_SOURCE_BYTES, arity_of_main

TAKEN = {
    "def main(): pass": 0,
    "def main(event): pass": 1,
    "def main(event, /): pass": 1,
    "def main(event=None): pass": 1,
    "def main(event, context=None): pass": 1,
    "def main(*arguments): pass": 1,
    "def main(event, *arguments, **options): pass": 1,
    "def main(**options): pass": 0,
    "def main(*, flag=False): pass": 0,
    "@retry\ndef main(event): pass": 1,
    "def main(event): pass\ndef main(): pass": 0,
    "if x:\n  def main(): pass\nelse:\n  def main(event): pass": 1,
    "try:\n  import a\nexcept ImportError:\n  pass\nelse:\n  def main(): pass": 0,
    "with x:\n  def main(): pass": 0,
    "main = None\ndef main(): pass": 0,
    "def main():\n  def inner():\n    yield 1\n  return list(inner())": 0,
    "def main():\n  return [x for x in (y for y in z)]": 0,
    "def main(): pass\nfound = [main for main in x]": 0,
    "def main(): pass\ndef other():\n  main = 1": 0,
    "def main(): pass\nclass Other:\n  main = 1": 0,
    "# coding: latin-1\n# \xe9\ndef main(): pass": 0,
    "\ufeffdef main(): pass": 0,
    "x = 1" + " + 1" * 2_000 + "\ndef main(): pass": 0,
}
REFUSED = {
    "": ("no_main_function", "main.py"),
    "def mainly(): pass": ("no_main_function", "main.py"),
    "class A:\n  def main(self): pass": ("no_main_function", "main.py"),
    "def other():\n  def main(): pass": ("no_main_function", "main.py"),
    "def main(a, b): pass": ("too_many_parameters", "line 1"),
    "\ndef main(a, b, c=1): pass": ("too_many_parameters", "line 2"),
    "def main(event, *, flag): pass": ("too_many_parameters", "line 1"),
    "async def main(): pass": ("main_not_plain", "line 1 is async"),
    "def main():\n  yield 1": ("main_not_plain", "line 1 is a generator"),
    "def main():\n  if x:\n    y = yield from z": ("main_not_plain", "a generator"),
    "from job import main": ("main_not_function", "line 1"),
    "from job import run as main": ("main_not_function", "line 1"),
    "import main": ("main_not_function", "line 1"),
    "main = lambda event: None": ("main_not_function", "line 1"),
    "def main(): pass\nmain = 1": ("main_not_function", "line 2"),
    "def main(): pass\nmain: int = 1": ("main_not_function", "line 2"),
    "def main(): pass\na, (main, b) = x": ("main_not_function", "line 2"),
    "def main(): pass\nfor main in x: pass": ("main_not_function", "line 2"),
    "class main: pass": ("main_not_function", "line 1"),
    "x = 1\ndef main(:\n  secret": ("code_syntax_error", "line 2"),
    "x = 'secret": ("code_syntax_error", "line 1"),
    "x = 1\n  y = 2": ("code_syntax_error", "line 2"),
    "print 'secret'": ("code_syntax_error", "line 1"),
    "x = '\0'": ("code_syntax_error", "line 1"),
    "# coding: nonsense": ("code_syntax_error", "line 1"),
    "-" * 100_000 + "1": ("code_syntax_error", "line 1"),
    "(" * 1_000: ("code_syntax_error", "line 1"),
    "x" + ".a" * 60_000: ("code_syntax_error", "line 1"),
    "x" * (MOST_SOURCE_BYTES + 1): ("main_file_too_large", "main.py"),
}


@pytest.mark.parametrize(("source", "arity"), TAKEN.items(), ids=lambda one: repr(one)[:40])
def test_a_main_is_taken(source: str, arity: int) -> None:
    encoding = "latin-1" if "latin-1" in source else "utf-8"

    assert arity_of_main(source.encode(encoding), "main.py") == arity


@pytest.mark.parametrize(
    ("source", "code", "place"),
    [(source, *rest) for source, rest in REFUSED.items()],
    ids=lambda one: repr(one)[:40],
)
def test_a_main_is_refused(source: str, code: str, place: str) -> None:
    with pytest.raises(Invalid) as caught:
        arity_of_main(source.encode(), "main.py")

    assert caught.value.code == code
    assert place in str(caught.value)
    assert "secret" not in str(caught.value)


def test_nothing_of_it_is_executed(capsys: pytest.CaptureFixture[str]) -> None:
    source = b"print('executed')\nraise SystemExit\ndef main(x=print('executed')): pass"

    assert arity_of_main(source, "main.py") == 1
    assert capsys.readouterr().out == ""
