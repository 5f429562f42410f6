"""A worker's loops outlive whatever goes wrong inside them."""

import asyncio

import pytest

from app.core.resources import Resources
from workers import sweep
from workers.maintenance import every
from workers.sweep import Sweep
from workers.work import Work


async def test_a_loop_goes_on_after_an_error_that_nobody_foresaw(resources: Resources) -> None:
    work = Work(resources)
    calls = 0

    async def stumble(_: Work, **_options: object) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            work.is_stopping.set()
        raise LookupError

    async with asyncio.timeout(240):
        await every(work, 0.01, stumble)

    assert calls == 2


async def test_a_loop_comes_again_as_soon_as_its_deed_asks(resources: Resources) -> None:
    work = Work(resources)
    calls = 0

    async def ask(_: Work) -> float:
        nonlocal calls
        calls += 1
        if calls == 2:
            work.is_stopping.set()
        return 0.01

    async with asyncio.timeout(240):
        await every(work, 3_600, ask)

    assert calls == 2


async def test_the_sweep_goes_on_after_an_error_that_nobody_foresaw(
    resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = Work(resources)
    calls = 0

    async def stumble(_: Work, **_options: object) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            work.is_stopping.set()
        raise LookupError

    monkeypatch.setattr(sweep, "close_windows", stumble)
    async with asyncio.timeout(240):
        await Sweep(work).run()

    assert calls == 2
