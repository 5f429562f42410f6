"""Two accounts may call everything the same, to the letter, and never meet."""

from dataclasses import dataclass, field

import httpx

from app.models import INSTALLATION
from app.sequences.planning import IDS
from tests.walls.conftest import Lines
from tests.walls.looking import ids_in, rows_of, written
from tests.walls.making import Owner, furnish
from tests.walls.place import Place
from tests.walls.watching import assert_silent


@dataclass
class Twin(Owner):
    """Calls its things as another account did, in the same order."""

    again: list[str] = field(default_factory=list)

    def text(self) -> str:
        return self.again.pop(0)


async def test_a_twin_with_the_same_names_keys_and_repeats_is_an_account_of_its_own(
    place: Place, lines: Lines
) -> None:
    owner, tenant = place.owner, await place.a_stranger()
    before = await rows_of(place.eye, owner.tenant.account_id)
    # Batches are called the same in every account.
    ids = ids_in(before, but=[INSTALLATION, *IDS.values()])
    already = len(lines())

    async def look(answer: httpx.Response) -> None:
        assert_silent(f"{answer.headers} {(await answer.aread()).decode()}", ids, "the answer")

    tenant.http.event_hooks["response"].append(look)
    twin = Twin(tenant, again=owner.marks[1:])  # the first is the account's own name
    await furnish(twin, place.resources, place.database_url)

    mine = await rows_of(place.eye, tenant.account_id)
    assert twin.again == []
    assert {table: len(found) for table, found in mine.items()} == {
        table: len(found) for table, found in before.items()
    }
    assert_silent(written(mine), ids, "the twin's account")
    assert_silent(lines()[already:], [*ids, *owner.marks], "the log")
    assert await rows_of(place.eye, owner.tenant.account_id) == before
