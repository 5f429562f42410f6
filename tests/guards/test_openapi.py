"""openapi/openapi.json is what the code says."""

import json

from app.core.settings import Settings
from app.main import create_app
from tests.guards.sources import ROOT


def test_the_document_in_the_tree_is_current() -> None:
    kept = json.loads((ROOT / "openapi" / "openapi.json").read_text())

    assert kept == create_app(Settings.for_documents()).openapi(), "run `make openapi`"
