"""Days of an account, and what its jobs take of them, at moments of the test's choosing."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from app.accounts import plans
from app.accounts.queries import get_account
from app.accounts.quotas import queries, rules, service
from app.accounts.quotas.rules import DayUse, Refusal
from app.core.resources import Resources
from tests.conftest import Tenant
from tests.jobs.making import make

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@dataclass
class Books:
    """An account with a plan of its own; every call is a transaction of its own."""

    tenant: Tenant
    resources: Resources

    async def set_up(self, *, timezone: str = "UTC", **limits: Any) -> None:
        async with self.resources.unit_of_work(self.tenant.account_id) as session:
            account = await get_account(session, self.tenant.account_id, lock=True)
            account.plan, account.timezone = plans.changed(account.plan, limits), timezone

    async def job(self, name: str = "nightly") -> UUID:
        return UUID((await make(self.tenant.http, name))["id"])

    async def start(
        self, job_id: UUID, *, needed: timedelta = MINUTE, now: datetime = NOON
    ) -> Refusal | None:
        async with self.resources.unit_of_work(self.tenant.account_id) as session:
            account = await get_account(session, self.tenant.account_id)
            return await service.start(session, account, job_id, needed=needed, now=now)

    async def retry(
        self, job_id: UUID, *, needed: timedelta = MINUTE, now: datetime = NOON
    ) -> Refusal | None:
        async with self.resources.unit_of_work(self.tenant.account_id) as session:
            account = await get_account(session, self.tenant.account_id)
            return await service.retry(session, account, job_id, needed=needed, now=now)

    async def book(
        self,
        job_id: UUID,
        elapsed: timedelta,
        *,
        started_at: datetime = NOON,
        held: timedelta = rules.NO_TIME,
    ) -> None:
        async with self.resources.unit_of_work(self.tenant.account_id) as session:
            account = await get_account(session, self.tenant.account_id)
            await service.book(
                session, account, job_id, started_at=started_at, elapsed=elapsed, held=held
            )

    async def use(self, job_id: UUID | None = None, *, now: datetime = NOON) -> DayUse:
        async with self.resources.unit_of_work(self.tenant.account_id) as session:
            account = await get_account(session, self.tenant.account_id)
            day = rules.day_of(now, account.timezone)
            return await queries.use_of(session, account.id, day, job_id=job_id)

    async def left(self, *, now: datetime = NOON) -> timedelta:
        async with self.resources.unit_of_work(self.tenant.account_id) as session:
            account = await get_account(session, self.tenant.account_id)
            day = rules.day_of(now, account.timezone)
            use = await queries.use_of(session, account.id, day)
            return rules.time_left(use, plans.plan_of(account.plan))
