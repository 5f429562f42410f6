"""What containers of workers may ask of the kernel: what building a sandbox takes, and no more."""

import json
import re
from typing import Any

import yaml  # type: ignore[import-untyped]  # it has no types, and here it needs none

from tests.guards.sources import ROOT
from workers.sandbox.syscalls import _REFUSED as REFUSED_INSIDE

PROFILE: dict[str, Any] = json.loads((ROOT / "docker" / "seccomp.json").read_text())
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
# bubblewrap's, and a file in memory that its arguments lie in.
NEEDED = {"unshare", "mount", "umount2", "pivot_root", "memfd_create"}


def test_the_profile_refuses_what_the_sandbox_refuses_but_for_what_makes_one() -> None:
    (refused,) = PROFILE["syscalls"]

    assert PROFILE["defaultAction"] == "SCMP_ACT_ALLOW"
    assert (refused["action"], refused["errnoRet"]) == ("SCMP_ACT_ERRNO", 1)
    assert refused["names"] == sorted(REFUSED_INSIDE.keys() - NEEDED)


def test_only_workers_have_it_and_they_know_where_the_api_is() -> None:
    services = COMPOSE["services"]
    opened = {
        name
        for name, service in services.items()
        if any("seccomp" in option or "unconfined" in option for option in _options(service))
    }

    assert opened == {"worker"}
    assert set(_options(services["worker"])) == {
        "no-new-privileges:true",
        "seccomp=docker/seccomp.json",
        "systempaths=unconfined",
        "apparmor=unconfined",
    }
    assert services["worker"]["environment"]["PENSTOCK_CODE__API_URL"] == "http://api:8080"
    assert re.search(r"^    PENSTOCK_HTTP__PORT=8080", _dockerfile(), re.MULTILINE)


def _options(service: dict[str, Any]) -> list[str]:
    options: list[str] = service.get("security_opt", [])
    return options


def _dockerfile() -> str:
    return (ROOT / "Dockerfile").read_text()
