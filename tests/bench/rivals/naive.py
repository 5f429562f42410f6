"""A2: the service one would write first: an ORM session a request, a counter on the campaign,
one job per response."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated, Any

from arq import create_pool
from arq.connections import RedisSettings
from fastapi import Depends, FastAPI, HTTPException, Request
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlmodel import SQLModel, col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from tests.bench.rivals.bodies import ResponseIn
from tests.bench.rivals.naive_tables import Campaign, Person, Response

URL = os.environ["RIVAL_DATABASE_URL"].replace("postgresql://", "postgresql+asyncpg://")
REDIS = RedisSettings.from_dsn(os.environ["RIVAL_REDIS_URL"])

engine = create_async_engine(URL)
sessions = async_sessionmaker(engine, class_=AsyncSession, expire_on_commit=False)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with engine.begin() as connection:
        await connection.run_sync(SQLModel.metadata.create_all)
    app.state.redis = await create_pool(REDIS)
    yield
    await app.state.redis.aclose()
    await engine.dispose()


async def in_session() -> AsyncIterator[AsyncSession]:
    async with sessions() as session:
        yield session


app = FastAPI(lifespan=lifespan)


@app.post("/v1/responses", status_code=202)
async def post_response(
    body: ResponseIn, request: Request, session: Annotated[AsyncSession, Depends(in_session)]
) -> dict[str, Any]:
    campaign = (await session.exec(select(Campaign).where(Campaign.code == body.campaign))).first()
    if campaign is None or campaign.id is None:
        raise HTTPException(404, "no such campaign")
    person = (await session.exec(select(Person).where(Person.email == body.person.email))).first()
    if person is None:
        person = Person(**body.person.model_dump())
        session.add(person)
        await session.flush()
    given = body.model_dump(include={"external_id", "score", "attributes"})
    received = datetime.now(UTC)
    response = Response(**given, person_id=person.id, campaign_id=campaign.id, received_at=received)
    session.add(response)
    counted = update(Campaign).where(col(Campaign.id) == campaign.id)
    await session.exec(counted.values(responses=Campaign.responses + 1))
    await session.commit()
    await request.app.state.redis.enqueue_job("score", response.id)
    return {"id": response.id, "status": response.status}
