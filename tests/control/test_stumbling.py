"""An account over which a loop stumbles, by a fault of ours: left alone, no trouble of others."""

from uuid import UUID

import pytest

from app.core.errors import Unavailable
from app.core.ids import uuid7
from workers.stumbling import Stumbling


class Away(Unavailable):
    """Nobody answers."""


async def done(stumbling: Stumbling, account: UUID, error: Exception | None = None) -> None:
    """Work that ends so."""
    async with stumbling.watching(account):
        if error is not None:
            raise error


async def test_who_stumbles_is_passed_over_for_a_while_and_nobody_else() -> None:
    stumbling, bad, good = Stumbling("not_done"), uuid7(), uuid7()

    await done(stumbling, bad, KeyError("terms"))
    await done(stumbling, good)

    assert stumbling.passes_over(bad)
    assert not stumbling.passes_over(good)


async def test_a_success_ends_it() -> None:
    stumbling, account = Stumbling("not_done"), uuid7()
    await done(stumbling, account, KeyError("terms"))

    await done(stumbling, account)

    assert not stumbling.passes_over(account)


async def test_a_neighbour_that_is_away_is_nobodys_fault() -> None:
    stumbling, account = Stumbling("not_done"), uuid7()

    with pytest.raises(Away):
        await done(stumbling, account, Away())

    assert not stumbling.passes_over(account)
