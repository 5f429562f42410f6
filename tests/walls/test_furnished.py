"""The account that nobody may see has something in every table, or the walls are not tried."""

from tests.walls.looking import rows_of
from tests.walls.place import Place


async def test_the_owner_has_a_row_in_every_table_of_an_account(place: Place) -> None:
    rows = await rows_of(place.eye, place.owner.tenant.account_id)

    assert len(rows) > 20
    assert [table for table, found in rows.items() if not found] == [], "let `furnish` make some"
