"""Many starts at once: the days of many accounts locked, taken from in memory, written once.

open ──▶ rows of all accounts' days, locked in their order ──▶ what their jobs have used, read
     ──▶ take, take, take … ──▶ write

Whoever takes of a job's day, or books to it, holds the account's day; so the latter's lock is
enough, and a job's row is written once.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import TypeAlias
from uuid import UUID

from app.accounts.plans import Plan
from app.accounts.quotas import rules
from app.accounts.quotas.rules import NO_TIME, DayUse, Refusal
from app.core.driver import Transaction, driver_of

_OPEN_ACCOUNTS = """
INSERT INTO account_days (account_id, day) SELECT * FROM unnest($1::uuid[], $2::date[])
ON CONFLICT DO NOTHING
"""
_LOCK_ACCOUNTS = """
SELECT d.* FROM unnest($1::uuid[], $2::date[]) AS w(account_id, day)
  JOIN account_days d ON d.account_id = w.account_id AND d.day = w.day
 ORDER BY d.account_id, d.day FOR UPDATE OF d
"""
# Those that have no row have used nothing.
_READ_JOBS = """
SELECT d.account_id, d.job_id, d.invocations
  FROM unnest($1::uuid[], $2::uuid[], $3::date[]) AS w(account_id, job_id, day)
  JOIN job_days d ON d.account_id = w.account_id AND d.job_id = w.job_id AND d.day = w.day
"""
_WRITE_ACCOUNTS = """
UPDATE account_days AS d SET executions = d.executions + w.n, reserved = d.reserved + w.held
  FROM unnest($1::uuid[], $2::date[], $3::int[], $4::interval[]) AS w(account_id, day, n, held)
 WHERE d.account_id = w.account_id AND d.day = w.day
"""
_WRITE_JOBS = """
INSERT INTO job_days AS d (account_id, job_id, day, invocations, reserved)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::date[], $4::int[], $5::interval[])
ON CONFLICT (account_id, job_id, day) DO UPDATE
   SET invocations = d.invocations + excluded.invocations,
       reserved = d.reserved + excluded.reserved
"""

# A plan and the zone of its days.
Terms: TypeAlias = tuple[Plan, str]


class Days:
    """What is left of some accounts' day; the same gates as a single start has."""

    def __init__(self, terms: Mapping[UUID, Terms], now: datetime) -> None:
        self._plans = {account_id: plan for account_id, (plan, _) in terms.items()}
        self._days = {
            account_id: rules.day_of(now, timezone) for account_id, (_, timezone) in terms.items()
        }
        self._accounts: dict[UUID, DayUse] = {}
        self._jobs: dict[tuple[UUID, UUID], int] = defaultdict(int)
        # What found no room, as (account, job, why), in the order in which it was asked for.
        self.refused: list[tuple[UUID, UUID, Refusal]] = []
        self._taken: dict[tuple[UUID, UUID], list[timedelta]] = defaultdict(list)

    @classmethod
    async def open(
        cls,
        session: Transaction,
        jobs: Iterable[tuple[UUID, UUID]],
        terms: Mapping[UUID, Terms],
        *,
        now: datetime,
    ) -> "Days":
        """Lock what these jobs, as (account, job), may take from until the transaction ends."""
        days = cls(terms, now)
        places = sorted(set(jobs))
        if places:
            await days._lock(session, places)
        return days

    def take(self, account_id: UUID, job_id: UUID, needed: timedelta) -> Refusal | None:
        """Take an execution and an invocation, or say what is used up."""
        plan, use = self._plans[account_id], self._accounts[account_id]
        use = DayUse(use.executions, self._jobs[account_id, job_id], use.booked, use.reserved)
        refusal = rules.may_start(use, plan, timeout=needed)
        if refusal is not None:
            self.refused.append((account_id, job_id, refusal))
            return refusal
        held = rules.held_by(plan, needed)
        self._accounts[account_id] = DayUse(
            use.executions + 1, use.invocations, use.booked, use.reserved + held
        )
        self._jobs[account_id, job_id] += 1
        self._taken[account_id, job_id].append(held)
        return None

    async def write(self, session: Transaction) -> None:
        """Write what was taken."""
        if not self._taken:
            return
        by_account: dict[UUID, list[timedelta]] = defaultdict(list)
        for (account_id, _), held in self._taken.items():
            by_account[account_id] += held
        driver = await driver_of(session)
        accounts = list(by_account)
        await driver.execute(
            _WRITE_ACCOUNTS,
            accounts,
            self._days_of(accounts),
            [len(held) for held in by_account.values()],
            [sum(held, NO_TIME) for held in by_account.values()],
        )
        of_jobs = [account_id for account_id, _ in self._taken]
        await driver.execute(
            _WRITE_JOBS,
            of_jobs,
            [job_id for _, job_id in self._taken],
            self._days_of(of_jobs),
            [len(held) for held in self._taken.values()],
            [sum(held, NO_TIME) for held in self._taken.values()],
        )

    async def _lock(self, session: Transaction, places: list[tuple[UUID, UUID]]) -> None:
        driver = await driver_of(session)
        accounts = sorted({account_id for account_id, _ in places})
        of_accounts = (accounts, self._days_of(accounts))
        of_jobs = [account_id for account_id, _ in places]
        jobs = (of_jobs, [job_id for _, job_id in places], self._days_of(of_jobs))
        await driver.execute(_OPEN_ACCOUNTS, *of_accounts)
        for row in await driver.fetch(_LOCK_ACCOUNTS, *of_accounts):
            self._accounts[row["account_id"]] = DayUse(
                executions=row["executions"], booked=row["booked"], reserved=row["reserved"]
            )
        for row in await driver.fetch(_READ_JOBS, *jobs):
            self._jobs[row["account_id"], row["job_id"]] = row["invocations"]

    def _days_of(self, accounts: Iterable[UUID]) -> list[date]:
        return [self._days[account_id] for account_id in accounts]
