"""`requests` for everybody, copied from this installation, without any index."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

from app.jobs.code.base_layer import base_layer


def test_requests_can_be_imported_from_it_and_from_nowhere_else(tmp_path: Path) -> None:
    base = base_layer(tmp_path)
    script = (
        f"import sys; sys.path.insert(0, {str(base)!r}); import certifi, requests;"
        "print(requests.__version__);"
        "print({m.__file__.startswith(sys.path[0]) for n, m in sys.modules.items()"
        " if n.split('.')[0] in ('requests', 'urllib3', 'idna', 'certifi', 'charset_normalizer')});"
        "print(open(certifi.where()).read().count('BEGIN CERTIFICATE') > 50)"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", script], capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == [version("requests"), "{True}", "True"]


def test_only_what_requests_needs_is_in_it(tmp_path: Path) -> None:
    base = base_layer(tmp_path)
    packages = {path.name.partition("-")[0] for path in base.glob("*.dist-info")}

    assert packages == {"requests", "urllib3", "idna", "certifi", "charset_normalizer"}
    assert not (base / "bin").exists()
    assert {oct(path.stat().st_mode & 0o7777) for path in base.rglob("*.py")} == {"0o644"}
    assert list(base.rglob("__pycache__/*.pyc")) != []
    assert str(tmp_path).encode() not in b"".join(p.read_bytes() for p in base.rglob("*.pyc"))


def test_it_is_made_once_also_by_many_at_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = set(pool.map(lambda _: base_layer(tmp_path), range(4)))
    [base] = made
    before = base.stat().st_mtime_ns

    assert base_layer(tmp_path) == base
    assert base.stat().st_mtime_ns == before
    assert list(tmp_path.iterdir()) == [base]
