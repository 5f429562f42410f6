"""A folder of wheels, made by hand, which pip is pointed at instead of any index."""

import hashlib
import io
import tarfile
import zipfile
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path


class Wheels:
    """A local folder that pip finds packages in, and nowhere else."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    @property
    def index(self) -> tuple[str, ...]:
        return ("--no-index", f"--find-links={self.folder}")

    def add(
        self,
        name: str,
        version: str = "1.0",
        *,
        files: Mapping[str, bytes] | None = None,
        needs: Sequence[str] = (),
        more: Mapping[str, bytes] | None = None,
    ) -> str:
        """Make a wheel of one module `name`, or of these files; returns its SHA-256."""
        about = f"{name}-{version}.dist-info"
        metadata = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}"]
        metadata += [f"Requires-Dist: {needed}" for needed in needs]
        content = {
            **(files or {f"{name}.py": f"VERSION = {version!r}\n".encode()}),
            f"{about}/METADATA": ("\n".join(metadata) + "\n").encode(),
            f"{about}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            **{f"{about}/{path}": text for path, text in (more or {}).items()},
        }
        record = "".join(f"{path},{_digest(data)},{len(data)}\n" for path, data in content.items())
        path = self.folder / f"{name}-{version}-py3-none-any.whl"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
            for member, data in content.items():
                wheel.writestr(member, data)
            wheel.writestr(f"{about}/RECORD", f"{record}{about}/RECORD,,\n")
        return hashlib.sha256(path.read_bytes()).hexdigest()

    def add_source(self, name: str, setup: str) -> Path:
        """Make a source distribution that runs this when it is built."""
        path = self.folder / f"{name}-1.0.tar.gz"
        with tarfile.open(path, "w:gz") as archive:
            for member, text in {"setup.py": setup, "PKG-INFO": f"Name: {name}\n"}.items():
                info = tarfile.TarInfo(f"{name}-1.0/{member}")
                info.size = len(text)
                archive.addfile(info, io.BytesIO(text.encode()))
        return path


def _digest(data: bytes) -> str:
    digest = urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return f"sha256={digest}"
