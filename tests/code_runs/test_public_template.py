"""The template that PyPI's `lsbatch` lays out, unchanged: zipped as that tool does, uploaded, run.

`lsbatch/main.py.txt` beside this is `lsbatch/lsq_batch_template/src/main.py` of the wheel
`lsbatch-1.1.3-py3-none-any.whl`, line ends included; the other file in that folder, `__init__.py`,
is empty. Its own deploying does nothing else with them than `shutil.make_archive`.
"""

import hashlib
import shutil
from pathlib import Path

from tests.code_runs.making import Site, error_of, published, variables

_COPY = Path(__file__).parent / "lsbatch" / "main.py.txt"
_SHA256 = "fb8275f1c3027e5976ad2591a4c67e5072451a44b59826c57a4e85e74637b475"


def zipped_by_their_tool(project: Path) -> bytes:
    """As `Helper.zip_source_code` of lsbatch 1.1.3 zips what `src` holds."""
    source = project / "src"
    source.mkdir(parents=True)
    shutil.copyfile(_COPY, source / "main.py")
    (source / "__init__.py").touch()
    made = shutil.make_archive(str(project / "deliverables" / "code"), "zip", str(source))
    return Path(made).read_bytes()


async def test_the_public_template_runs_unchanged(site: Site, tmp_path: Path) -> None:
    assert hashlib.sha256(_COPY.read_bytes()).hexdigest() == _SHA256
    job = await published(site.http, zipped_by_their_tool(tmp_path))
    await variables(site.http, job, secrets={"mykey": "a value of mine"})

    run = await site.run(job)

    assert error_of(run) == ("succeeded", None)
    assert [(one["level"], one["text"], one["fields"]) for one in await site.log(run)] == [
        ("info", "Hello", None),
        ("info", "Hello", {"Support Email": "support@leadsquared.com"}),
        ("info", "***", None),
        ("debug", "Debug Log Example", None),
    ]
    assert (run["attempt"], run["code_version"], run["job_id"]) == (0, 1, job["id"])
    assert (run["total"], run["trigger"], run["requested_by"]) == (None, "api", "marketo")
    assert run["details"]["attempts"][0]["ending"] == "returned"
