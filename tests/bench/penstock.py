"""Our arm: the API and, where wanted, one worker, set up through the real CLI and API."""

import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx

from app.embedded.environment import for_python
from tests.bench.errors import Wrong
from tests.bench.sample import CAMPAIGN_SCORE, TEN_RULES, THRESHOLD
from tests.bench.service import Service
from tests.bench.stand import TEMPLATE, Stand, command

ACCOUNT, USER = "bench", "marketo"
_SCOPES = ("read", "ingest", "operate", "manage", "admin")
_SECRET = "a secret of the benchmark, long enough"
ASYNCHRONOUS = {
    "evaluate_score_immediately": False,
    "evaluate_score_asynchronously": True,
    "threshold": THRESHOLD,
    "owners": ["ada", "grace"],
}
PENDING = """
SELECT EXISTS (SELECT FROM pending_scoring) OR EXISTS (SELECT FROM pending_resolution)
    OR EXISTS (SELECT FROM runs WHERE finished_at IS NULL)
"""
UNRESOLVED = (
    "SELECT EXISTS (SELECT FROM pending_scoring) OR EXISTS (SELECT FROM pending_resolution)"
)
TAKEN_IN = "SELECT count(*) FROM responses"
RESOLVED = "SELECT count(*) FROM responses WHERE resolved_at IS NOT NULL"
_keys: dict[int, str] = {}


def settings_of(database_url: str, redis_url: str) -> dict[str, str]:
    """What our processes are told; every other setting is its default."""
    return {
        "PENSTOCK_DATABASE_URL": database_url,
        "PENSTOCK_REDIS_URL": redis_url,
        "PENSTOCK_SECRET_KEY": _SECRET,
        # One key sends everything here; what a second takes is what is measured.
        "PENSTOCK_LIMITS__INGEST": "1000000",
    }


@asynccontextmanager
async def penstock(
    stand: Stand,
    *,
    campaigns: Sequence[str] = ("spring",),
    has_worker: bool = False,
    redis_url: str | None = None,
    rules: Sequence[Mapping[str, Any]] = TEN_RULES,
    settings: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
) -> AsyncIterator[Service]:
    """Our service on a database of its own, asynchronous, with campaigns and rules; frozen."""
    key = await prepare(stand)
    async with stand.database(template=TEMPLATE) as url:
        service = Service(stand, url, token=key)
        told = settings_of(url, redis_url or stand.redis_url()) | dict(environment or {})
        async with service.living():
            port = {"PENSTOCK_HTTP__PORT": str(service.port)}
            service.start("api", "app", "serve", settings=told | port)
            if has_worker:
                service.start("worker", "workers.main", settings=told)
            await service.until_answering("/healthz")
            await configure(service, campaigns, rules, ASYNCHRONOUS | dict(settings or {}))
            service.freeze()
            yield service


async def configure(
    service: Service,
    campaigns: Sequence[str],
    rules: Sequence[Mapping[str, Any]],
    settings: Mapping[str, Any],
) -> None:
    """Give the account of a service its campaigns, rules and settings, over HTTP."""
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{service.port}/v1",
        headers={"Authorization": f"Bearer {service.token}"},
        trust_env=False,
        timeout=60,
    ) as http:
        for code in campaigns:
            body = {"code": code, "name": code, "score": CAMPAIGN_SCORE}
            require(await http.post("/campaigns", json=body))
        made = await http.post("/scoring/rulesets", json={"name": "bench", "rules": list(rules)})
        require(made)
        require(await http.post(f"/scoring/rulesets/{made.json()['id']}/activate"))
        require(await http.put("/scoring/settings", json=dict(settings)))


async def counter(service: Service, name: str) -> float:
    """A counter of the API, summed over its labels."""
    async with httpx.AsyncClient(trust_env=False, timeout=60) as http:
        page = await http.get(f"http://127.0.0.1:{service.port}/metrics")
    require(page)
    lines = (line.split() for line in page.text.splitlines())
    return sum(float(words[-1]) for words in lines if words and words[0].split("{")[0] == name)


async def prepare(stand: Stand) -> str:
    """The key of the template that every database of ours is copied from; made when missing."""
    if id(stand) not in _keys:
        await stand.postgres.create_database(TEMPLATE)
        url = stand.postgres.url(TEMPLATE)
        environment = _environment(stand, url)
        await command("app", "migrate", settings=environment, cwd=stand.folder)
        _keys[id(stand)] = await make_key(stand, url, USER)
    return _keys[id(stand)]


async def make_key(stand: Stand, database_url: str, user: str) -> str:
    """A key of a user, who is made where missing, of the account in that database."""
    scopes = [word for scope in _SCOPES for word in ("--scope", scope)]
    words = ("app", "keys", "create", "--account", ACCOUNT, "--user", user, *scopes)
    environment = _environment(stand, database_url)
    return await command(*words, settings=environment, cwd=stand.folder)


def _environment(stand: Stand, database_url: str) -> dict[str, str]:
    return for_python({**os.environ, **settings_of(database_url, stand.redis_url())})


def require(answer: httpx.Response) -> None:
    """Pass over an answer that is a success.

    Raises:
        Wrong: it is none.
    """
    if not answer.is_success:
        raise Wrong(f"{answer.request.url.path}: {answer.status_code} {answer.text[:300]}")
