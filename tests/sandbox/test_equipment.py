"""What every sandbox sees of ours is what was installed, and no more than `requests` needs."""

import base64
import hashlib
from pathlib import Path

import pytest

from workers.sandbox.equipment import copy_package, equipment
from workers.sandbox.errors import SandboxBroken


def an_installed_package(folder: Path, content: str, *, recorded: str) -> str:
    """One that lies on the path, with the hash of `recorded` noted for its module."""
    digest = hashlib.sha256(recorded.encode()).digest()
    noted = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    about = folder / "thing-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n")
    (about / "RECORD").write_text(f"thing.py,sha256={noted},{len(recorded)}\n")
    (folder / "thing.py").write_text(content)
    return "thing"


def test_only_what_requests_needs_is_in_it(tmp_path: Path) -> None:
    site = equipment(tmp_path) / "site"
    packages = {path.name.partition("-")[0] for path in site.glob("*.dist-info")}

    assert packages == {"requests", "urllib3", "idna", "certifi", "charset_normalizer"}
    assert not (site / "bin").exists()


def test_a_package_that_was_altered_since_is_not_shown_to_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = an_installed_package(tmp_path, "print(2)", recorded="print(1)")
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(SandboxBroken, match=r"thing\.py of thing is not what was installed"):
        copy_package(name, tmp_path / "site")


def test_a_package_that_misses_a_file_is_not_shown_to_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = an_installed_package(tmp_path, "print(1)", recorded="print(1)")
    (tmp_path / "thing.py").unlink()
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(SandboxBroken, match=r"thing\.py of thing is missing"):
        copy_package(name, tmp_path / "site")


def test_a_package_as_it_was_installed_is_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = an_installed_package(tmp_path, "print(1)", recorded="print(1)")
    monkeypatch.syspath_prepend(tmp_path)

    copy_package(name, tmp_path / "site")

    assert (tmp_path / "site" / "thing.py").read_text() == "print(1)"
