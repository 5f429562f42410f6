"""Files of people: merged by the rules of the API, later rows over earlier ones."""

from app.core.resources import Resources
from tests.conftest import MakeTenant, Tenant
from tests.imports.imports_making import (
    Site,
    as_csv,
    as_table,
    lines_of,
    listed,
    site_of,
    take_in,
)
from tests.imports.uploads_making import Json
from tests.people.making import upsert

_NOT_COMPARED = {"id", "created_at", "updated_at"}
ROWS: list[Json] = [
    {"email": "a@example.com", "first_name": "Ada", "score": "10", "attributes.team": "red"},
    {"email": "b@example.com", "external_id": "x2", "kind": "contact", "opted_out": "yes"},
    {"email": "A@Example.com", "title": "VP", "attributes.floor": "3"},
    {"external_id": "x3", "owner": "alice", "sms_opted_out": "1"},
    {"email": "c@example.com", "external_id": "x3"},
    # The external id wins, and the address stays with whom it belongs to.
    {"email": "a@example.com", "external_id": "x2", "company": "Acme"},
    {"email": "b@example.com", "opted_out": "false", "score": "-7"},
]


async def people_of(site: Site) -> list[Json]:
    found = [
        {name: value for name, value in one.items() if name not in _NOT_COMPARED}
        for one in await listed(site, "people")
    ]
    return sorted(found, key=repr)


async def test_the_same_people_as_one_by_one_over_http(
    make_tenant: MakeTenant, resources: Resources
) -> None:
    over_http, by_file = [site_of(await make_tenant(), resources) for _ in range(2)]
    warnings = []
    for row in ROWS:
        fields: Json = {n: c for n, c in row.items() if "." not in n and n != "score"}
        fields |= {n: c in ("yes", "1") for n, c in row.items() if n.endswith("opted_out")}
        attributes = {n[11:]: c for n, c in row.items() if n.startswith("attributes.")}
        score = {"score": int(row["score"])} if "score" in row else {}
        made = await upsert(over_http.http, **fields, **score, attributes=attributes)
        warnings.append(
            [one.get("code", one) if isinstance(one, dict) else one for one in made["warnings"]]
        )

    done = await take_in(by_file, as_table(ROWS))

    assert await people_of(by_file) == await people_of(over_http)
    assert done.counts == (7, 7, 0, 0, 0)
    assert (done.run["created"], done.run["updated"]) == (3, 4)
    good = await lines_of(by_file, done.upload, "successful")
    assert [one["reason"] for one in good] == [" ".join(each) for each in warnings]
    assert good[5]["reason"] == "identity_conflict"


async def test_who_stays_as_they_were_is_skipped(tenant: Tenant, resources: Resources) -> None:
    site = site_of(tenant, resources)
    content = as_table([*ROWS[:2], *ROWS[3:5]])
    await take_in(site, content)
    before = await listed(site, "people")

    again = await take_in(site, content)

    assert again.counts == (4, 0, 0, 4, 0)
    assert again.run["state"] == "succeeded"
    reasons = {one["reason"] for one in await lines_of(site, again.upload, "successful")}
    assert reasons == {"unchanged"}
    assert await listed(site, "people") == before


async def test_the_last_row_of_a_person_wins_across_chunks(
    tenant: Tenant, resources: Resources
) -> None:
    site = site_of(tenant, resources)
    rows = [[f"p{number % 700}@example.com", f"t{number}"] for number in range(3_500)]

    done = await take_in(site, as_csv(["email", "title"], rows), hands=2)

    titles = {one["email"]: one["title"] for one in await listed(site, "people")}
    assert titles == dict(rows)
    assert (done.run["created"], done.run["updated"]) == (700, 2_800)


async def test_empty_cells_erase_nothing(tenant: Tenant, resources: Resources) -> None:
    site = site_of(tenant, resources)
    await upsert(tenant.http, email="a@example.com", title="Boss", score=5, attributes={"k": "v"})
    row = ["a@example.com", "", " ", "", "Acme"]
    columns = ["email", "title", "score", "attributes.k", "company"]

    await take_in(site, as_csv(columns, [row]))

    (person,) = await listed(site, "people")
    assert (person["title"], person["score"], person["attributes"]) == ("Boss", 5, {"k": "v"})
    assert person["company"] == "Acme"


async def test_people_are_named_by_id_too(
    tenant: Tenant, make_tenant: MakeTenant, resources: Resources
) -> None:
    site = site_of(tenant, resources)
    mine = await upsert(tenant.http, email="a@example.com")
    theirs = await upsert((await make_tenant()).http, email="b@example.com")

    content = as_csv(["id", "title"], [[mine["id"], "Boss"], [theirs["id"], "Boss"], ["7", "B"]])
    done = await take_in(site, content)

    bad = await lines_of(site, done.upload, "failed")
    assert done.counts == (3, 1, 2, 0, 0)
    assert [(one["error_code"], one["error_column"]) for one in bad] == [
        ("person_not_found", "id"),
        ("uuid_parsing", "id"),
    ]


async def test_somebody_without_identity_fails(tenant: Tenant, resources: Resources) -> None:
    site = site_of(tenant, resources)

    done = await take_in(site, as_csv(["email", "title"], [["", "Boss"], ["a@example.com", "B"]]))

    (bad,) = await lines_of(site, done.upload, "failed")
    assert bad["error_code"] == "person_without_identity"
    assert bad["error"].startswith("line 2")
    assert done.counts == (2, 1, 1, 0, 0)
