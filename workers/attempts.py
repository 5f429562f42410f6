"""One attempt at a delivery: signed, posted, and whatever happens is an outcome."""

import random
import time
from datetime import timedelta

from app.core import clock, log
from app.core.errors import AppError
from app.core.notice_settings import Webhooks
from app.core.outbound.lines import Kept
from app.core.outbound.posting import post
from app.core.outbound.requests import Patience, trust_with
from app.core.sealing import Unsealable
from app.notifications.deliveries.claiming import Letter
from app.notifications.deliveries.recording import Outcome
from app.notifications.deliveries.rules import asked_pause
from app.notifications.endpoints.rules import signature

_log = log.get(__name__)


async def outcome_of(letter: Letter, settings: Webhooks, kept: Kept) -> Outcome:
    """Post it; whatever happens is an outcome."""
    now, began = clock.real_now(), time.monotonic()
    luck = random.random()  # noqa: S311  (spreads retries, guards nothing)
    if not letter.keys:
        error = Unsealable()
        return Outcome(letter, timedelta(), error=error.code, detail=error.message, luck=luck)
    headers = signature(letter.keys, letter.webhook_id, now, letter.body)
    limits = Patience(
        connect=settings.timeout,
        read=settings.timeout,
        total=settings.timeout,
    )
    try:
        answer = await post(
            letter.url,
            letter.body,
            {"content-type": "application/json", **headers},
            patience=limits,
            allow_private=settings.allow_private,
            trust=trust_with(settings.ca_file),
            kept=kept.of(letter.endpoint_id),
        )
    except AppError as refused:
        took = timedelta(seconds=time.monotonic() - began)
        return Outcome(letter, took, error=refused.code, detail=refused.message, luck=luck)
    except Exception:
        _log.error("delivery_failed", delivery_id=str(letter.delivery_id), exc_info=True)
        took = timedelta(seconds=time.monotonic() - began)
        return Outcome(letter, took, error="not_reached", luck=luck)
    return Outcome(
        letter,
        timedelta(seconds=time.monotonic() - began),
        status=answer.status,
        answer=answer.body,
        retry_after=asked_pause(answer.retry_after, now=now),
        luck=luck,
    )
