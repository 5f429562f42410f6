"""The API's contents page: which router is mounted where."""

from fastapi import APIRouter

from app.accounts.errors import KeyInvalid, KeyMissing, MissingScope, TooManyRequests
from app.accounts.router import router as accounts
from app.core.problems import DatabaseUnavailable, ValidationFailed, problems

api = APIRouter(
    prefix="/v1",
    responses=problems(
        KeyMissing, KeyInvalid, MissingScope, ValidationFailed, TooManyRequests, DatabaseUnavailable
    ),
)
for router in (accounts,):
    api.include_router(router)
