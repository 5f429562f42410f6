"""A1: a body model, a pool, one INSERT a request; nothing else is promised or done."""

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from fastapi import FastAPI
from uuid_utils.compat import uuid7

from tests.bench.rivals.bodies import ResponseIn

ACCOUNT, CAMPAIGN, USER = uuid7(), uuid7(), uuid7()
INSERT = """
INSERT INTO responses (account_id, id, campaign_id, person_id, repeat_number, member_status,
                       is_responded, status, mode, is_prompt, user_id, user_name, external_id,
                       responded_at, received_at, score, attributes)
VALUES ($1, $2, $3, $4, 1, 'Responded', true, 'Pending - Scoring', 'asynchronous', false, $5,
        'marketo', $6, now(), now(), $7, $8)
"""


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    url = os.environ["RIVAL_DATABASE_URL"]
    async with asyncpg.create_pool(url, min_size=10, max_size=10) as app.state.pool:
        yield


app = FastAPI(lifespan=lifespan)


@app.post("/v1/responses", status_code=202)
async def post_response(body: ResponseIn) -> dict[str, Any]:
    found, person, attributes = uuid7(), uuid7(), json.dumps(body.attributes)
    values = (ACCOUNT, found, CAMPAIGN, person, USER, body.external_id, body.score, attributes)
    await app.state.pool.execute(INSERT, *values)
    return {"id": str(found), "status": "Pending - Scoring"}
