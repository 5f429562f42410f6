"""What the project's files say of the settings and of where packages come from."""

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from app.core.settings import PREFIX, Group, Settings, UnknownSetting, names
from tests.guards.sources import ROOT

EXAMPLE = (ROOT / ".env.example").read_text()
ASSIGNED = re.compile(rf"^(?:# )?({PREFIX}[A-Z_]+)=(.*)$", re.MULTILINE)
REQUIRED = {"PENSTOCK_DATABASE_URL", "PENSTOCK_REDIS_URL", "PENSTOCK_SECRET_KEY"}


def descriptions(model: type[BaseModel]) -> list[str]:
    found: list[str] = []
    for field in model.model_fields.values():
        group = field.annotation
        if isinstance(group, type) and issubclass(group, Group):
            found += descriptions(group)
        else:
            assert field.description
            found.append(field.description)
    return found


def test_the_example_names_every_setting_in_the_order_of_the_tree() -> None:
    named = re.findall(rf"\b{PREFIX}[A-Z]+(?:_+[A-Z]+)*", EXAMPLE)

    assert list(dict.fromkeys(named)) == names()


def test_the_example_describes_every_setting() -> None:
    prose = " ".join(line.removeprefix("#").strip() for line in EXAMPLE.splitlines())

    assert [words for words in descriptions(Settings) if words not in prose] == []


def test_what_is_commented_out_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in names():
        monkeypatch.delenv(name, raising=False)
    required: dict[str, Any] = {
        name.removeprefix(PREFIX).lower(): "x" * 32 for name in sorted(REQUIRED)
    }
    default = Settings(_env_file=None, **required)
    assigned = dict(ASSIGNED.findall(EXAMPLE))
    for name in assigned.keys() - REQUIRED:
        monkeypatch.setenv(name, assigned[name])

    assert set(assigned) >= REQUIRED
    assert Settings(_env_file=None, **required) == default


def test_secrets_have_no_default() -> None:
    required = {
        f"{PREFIX}{name}".upper()
        for name, field in Settings.model_fields.items()
        if field.is_required()
    }

    assert required == REQUIRED


@pytest.mark.parametrize("name", ["all", "runtime"])
def test_constraints_are_exact_hashed_and_name_no_registry(name: str) -> None:
    content = (ROOT / "constraints" / f"{name}.txt").read_text()
    lines = content.replace("\\\n", "").splitlines()
    entries = [line for line in lines if line and not line.startswith("#")]

    assert entries
    assert "://" not in content
    assert not re.search(r"^\s*--(index|extra|find|trusted)", content, re.MULTILINE)
    for entry in entries:
        assert re.match(r"[a-z0-9._-]+==\S+(\s+--hash=sha256:[0-9a-f]{64})+", entry.strip())


def test_a_name_in_the_env_file_that_means_nothing_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("PENSTOCK_SANDBOKS=true\n")

    with pytest.raises(UnknownSetting, match="PENSTOCK_SANDBOX"):
        Settings.load()


def test_an_error_about_settings_does_not_show_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PENSTOCK_SECRET_KEY", "hush")
    monkeypatch.setenv("PENSTOCK_REDIS_URL", "redis://:whisper@host")

    with pytest.raises(ValidationError) as refused:
        Settings(_env_file=None)

    assert "hush" not in str(refused.value)
    assert "whisper" not in str(refused.value)
