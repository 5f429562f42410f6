"""Tries what a sandbox must not allow, and returns what came of it. Runs inside."""

import os
import socket
from typing import Any


def main(event: dict[str, Any]) -> dict[str, Any]:
    """Look for what the host prepared: a file, a server, a process, an environment."""
    wanted = event["body"]
    return {
        "sees_file": os.path.exists(wanted["file"]),
        "reads_shadow": _can_open("/etc/shadow"),
        "reaches_port": _can_connect(socket.AF_INET, ("127.0.0.1", wanted["port"])),
        "reaches_socket": _can_connect(socket.AF_UNIX, wanted["abstract"]),
        "interfaces": [row.split(":")[0] for row in _text("/proc/net/dev").splitlines()[2:]],
        "environment": _text("/proc/self/environ").split("\0"),
        "environment_of_first": _text("/proc/1/environ"),
        "processes": sum(name.isdigit() for name in os.listdir("/proc")),
        "status": _text("/proc/self/status"),
        "writes_system": [path for path in ("/", "/usr", "/penstock", "/dev") if _can_write(path)],
    }


def _can_open(path: str) -> bool:
    try:
        os.close(os.open(path, os.O_RDONLY))
    except OSError:
        return False
    return True


def _can_write(folder: str) -> bool:
    try:
        os.close(os.open(f"{folder}/probe", os.O_WRONLY | os.O_CREAT))
    except OSError:
        return False
    return True


def _can_connect(family: socket.AddressFamily, address: Any) -> bool:
    with socket.socket(family, socket.SOCK_STREAM) as tried:
        tried.settimeout(1)
        try:
            tried.connect(address)
        except OSError:
            return False
    return True


def _text(path: str) -> str:
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return ""
