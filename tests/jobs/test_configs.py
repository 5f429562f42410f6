"""What a job is told to do has the form of its kind, and is checked as uploads and exports are."""

from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from app.core.resources import Resources
from app.core.sealing import Unsealable
from app.core.settings import Settings
from app.exports.schemas import ExportCreate
from app.jobs import configs
from app.jobs.queries import find_job
from app.models import Job
from tests.conftest import MakeTenant, Tenant
from tests.jobs.making import IMPORT, Json, a_job, change, make, read, refused

SOURCE = {"url": "https://files.example.com/q?sig=hush", "headers": {"X-Token": "whisper"}}


async def row_of(resources: Resources, tenant: Tenant, job: Json) -> Job:
    async with resources.unit_of_work(tenant.account_id) as session:
        found = await find_job(session, tenant.account_id, UUID(job["id"]))
    assert found is not None
    return found


async def source_in(resources: Resources, tenant: Tenant, job: Json, settings: Settings) -> Any:
    row = await row_of(resources, tenant, job)
    source = configs.source_of(row, secret_key=settings.secret_key.get_secret_value())
    return None if source is None else source.model_dump()


@pytest.mark.parametrize(
    ("kind", "config", "faults"),
    [
        ("import", {"object": "deals"}, [("/config/object", "enum")]),
        ("import", {"source": SOURCE}, [("/config/object", "missing")]),
        ("import", {"object": "people", "expected_rows": 5},
         [("/config/expected_rows", "extra_forbidden")]),
        ("import", {"object": "people", "retry_of": "x"},
         [("/config/retry_of", "extra_forbidden")]),
        ("import", {"object": "people", "source": {"url": "http://example.com/"}},
         [("/config/source/url", "not_https")]),
        ("import", {"object": "people", "mapping": {"a": "b\0"}},
         [("/config/mapping/a", "bad_text")]),
        ("import", {"object": "people", "mapping": {"E-Mail": "mail"}},
         [("/config/mapping/E-Mail", "unknown_column")]),
        ("import", {"object": "people", "campaign": "spring"},
         [("/config/campaign", "campaign_of_people")]),
        ("import", {"object": "responses", "campaign": "nobody's"},
         [("/config/campaign", "campaign_not_found")]),
        ("export", {"object": "deals"}, [("/config/object", "enum")]),
        ("export", {"object": "people", "columns": ["id", "id", "x"]},
         [("/config/columns/1", "named_twice"), ("/config/columns/2", "unknown_column")]),
        ("export", {"object": "responses", "campaign": "nobody's"},
         [("/config/campaign", "campaign_not_found")]),
        ("export", {"object": "people", "criteria": {"field": "person.titel", "op": "is_empty"}},
         [("/config/criteria/field", "unknown_field")]),
        ("export", {"object": "people", "source": SOURCE},
         [("/config/source", "extra_forbidden")]),
        ("code", {"object": "people"}, [("/config/object", "extra_forbidden")]),
    ],
)  # fmt: skip
async def test_a_config_that_makes_no_sense_is_refused_at_its_places(
    http: httpx.AsyncClient, kind: str, config: Json, faults: list[tuple[str, str]]
) -> None:
    made = await http.post("/v1/jobs", json=a_job(kind=kind, config=config))
    changed = await change(http, await make(http, kind=kind, config={}), config=config)

    assert refused(made, 422, "invalid_job") == faults
    assert refused(changed, 422, "invalid_job") == faults
    assert "hush" not in made.text + changed.text


async def test_a_config_is_shown_with_what_it_left_out(http: httpx.AsyncClient) -> None:
    mapping = {"E-Mail": "email", "Notes": None}
    job = await make(http, kind="import", config={"object": "people", "mapping": mapping})

    config = job["config"]
    assert (config["object"], config["operation"], config["on_error"]) == (
        *("people", "upsert"), "continue",
    )  # fmt: skip
    assert config["mapping"] == mapping
    assert config["format"]["type"] == "csv"


async def test_a_config_that_was_shown_may_be_sent_back(http: httpx.AsyncClient) -> None:
    criteria = {"all": [{"field": "person.title", "op": "contains", "value": "VP"}]}
    export = await make(
        http, "out", config={"object": "people", "criteria": criteria, "gzip": True}
    )
    imported = await make(http, "incoming", kind="import", config=IMPORT)

    for job in (export, imported):
        changed = (await change(http, job, config=job["config"])).json()
        assert changed["config"] == job["config"]
        assert changed["has_source"] == job["has_source"]
    assert export["config"]["criteria"] == criteria


async def test_what_is_kept_is_what_a_run_reads(tenant: Tenant, resources: Resources) -> None:
    given = {"object": "runs", "from": "2026-01-01T00:00:00Z", "columns": ["id"]}
    export = await make(tenant.http, "out", config=given)
    imported = await make(tenant.http, "incoming", kind="import", config=IMPORT)

    order = ExportCreate.model_validate((await row_of(resources, tenant, export)).config)
    config = configs.ImportConfig.model_validate((await row_of(resources, tenant, imported)).config)

    assert order == ExportCreate.model_validate(given)
    assert (config.object, config.source) == ("people", None)


async def test_a_campaign_is_kept_by_its_id(http: httpx.AsyncClient) -> None:
    made = await http.post("/v1/campaigns", json={"code": "spring", "name": "Spring"})
    wanted = {"object": "responses", "campaign": "spring"}

    jobs = [await make(http, f"{kind}-job", kind=kind, config=wanted)
            for kind in ("import", "export")]  # fmt: skip

    assert {job["config"]["campaign"] for job in jobs} == {made.json()["id"]}


@pytest.mark.parametrize("kind", ["import", "export"])
async def test_another_accounts_campaign_is_not_found(
    http: httpx.AsyncClient, make_tenant: MakeTenant, kind: str
) -> None:
    other = (await make_tenant()).http
    campaign = (await other.post("/v1/campaigns", json={"code": "theirs", "name": "x"})).json()

    for reference in (campaign["id"], "theirs"):
        config = {"object": "responses", "campaign": reference}
        answer = await http.post("/v1/jobs", json=a_job(kind=kind, config=config))
        assert refused(answer, 422, "invalid_job") == [("/config/campaign", "campaign_not_found")]


async def test_a_source_is_never_shown_and_kept_sealed(
    tenant: Tenant, resources: Resources, settings: Settings
) -> None:
    answer = await tenant.http.post(
        "/v1/jobs", json=a_job(kind="import", config={"object": "people", "source": SOURCE})
    )

    job = answer.json()
    assert job["has_source"] is True
    shown = answer.text + (await tenant.http.get("/v1/jobs")).text
    assert "hush" not in shown
    assert "whisper" not in shown
    async with resources.unit_of_work(tenant.account_id) as session:
        rows = await (await session.connection()).scalars(text("SELECT j::text FROM jobs j"))
        kept = "".join(rows.all())
    assert b"whisper".hex() not in kept
    assert "whisper" not in kept
    assert await source_in(resources, tenant, job, settings) == SOURCE


async def test_a_source_stays_until_another_or_null_is_given(
    tenant: Tenant, resources: Resources, settings: Settings
) -> None:
    people = {"object": "people"}
    job = await make(tenant.http, kind="import", config=people | {"source": SOURCE})

    await change(tenant.http, job, config=people | {"operation": "insert"})
    kept = await source_in(resources, tenant, job, settings)
    other = {"url": "https://other.example.com/", "headers": {}}
    await change(tenant.http, job, config=people | {"source": other})
    replaced = await source_in(resources, tenant, job, settings)
    await change(tenant.http, job, config=people | {"source": None})
    forgotten = await source_in(resources, tenant, job, settings)

    assert (kept, replaced, forgotten) == (SOURCE, other, None)
    assert (await read(tenant.http, job))["has_source"] is False


async def test_a_source_moved_to_another_job_does_not_open(
    tenant: Tenant, resources: Resources, settings: Settings
) -> None:
    config = {"object": "people", "source": SOURCE}
    jobs = [await make(tenant.http, name, kind="import", config=config) for name in ("one", "two")]
    rows = [await row_of(resources, tenant, job) for job in jobs]

    rows[0].source = rows[1].source

    with pytest.raises(Unsealable):
        configs.source_of(rows[0], secret_key=settings.secret_key.get_secret_value())


async def test_a_deleted_job_keeps_no_source(
    tenant: Tenant, resources: Resources, settings: Settings
) -> None:
    job = await make(tenant.http, kind="import", config={"object": "people", "source": SOURCE})

    await tenant.http.delete(f"/v1/jobs/{job['id']}")

    assert await source_in(resources, tenant, job, settings) is None
