"""One worker process: the sweep, the doorbell's listeners, its signs of life.

    sweep        once a second, from PostgreSQL alone      ─┐
    arq          one listener per queue, woken by rings     ├─▶ drain_lane(account, campaign)
    planner      once a second: fires, ends of definitions
    groups       once a second, and at rings: the next job  │
    bulk         once a second: runs, rows of files        ─┼─▶ import_file, import_lane
    mail         once a second: what is due goes out       ─┤
    postman      four times a second: events, deliveries
    maintenance  heartbeat, counters, old answers          ─┤
    sandbox      is it sound? before any code is run       ─┘

The sweep does not depend on the listeners: when Redis is away they are started again, and
everything due is found by the sweep meanwhile.
"""

import asyncio
import contextlib
import os
import signal
import sys

import uvloop
from arq.worker import Function, Worker
from pydantic import ValidationError
from redis.exceptions import RedisError

from app.core import garbage, log
from app.core.queue import Queue, Task, pack, redis_settings, unpack
from app.core.resources import Resources
from app.core.settings import Settings, UnknownSetting
from workers import clock, fires, groups, mail, maintenance, pulse
from workers.bulk import Bulk, begin_run
from workers.deliveries import Postman
from workers.maintenance import every
from workers.scoring import drain_lane
from workers.sweep import Sweep
from workers.task import TIMEOUT_SECONDS, task
from workers.work import Work

_log = log.get(__name__)

FUNCTIONS: dict[Queue, list[Function]] = {
    Queue.INTERACTIVE: [
        task(Task.DRAIN_LANE, drain_lane),
        task(Task.ADVANCE_GROUP, groups.advance_group),
    ],
    Queue.BULK: [task(Task.WORK_ON_RUN, begin_run)],
}
_PAUSE_SECONDS = 1.0
_FITNESS_SECONDS = 1.0
# After the last KILL: an attempt's end has to be written.
_RECORDING_SECONDS = 10.0


async def listen(work: Work, queue: Queue) -> None:
    """Answer the rings of one queue until the process is stopping, whatever Redis does."""
    settings = redis_settings(work.settings.redis_url.get_secret_value())
    while not work.is_stopping.is_set():
        worker = Worker(
            FUNCTIONS[queue],
            queue_name=queue.value,
            redis_settings=settings,
            ctx={"work": work},
            handle_signals=False,
            job_serializer=pack,
            job_deserializer=unpack,
            keep_result=0,
            max_tries=1,
            max_jobs=work.settings.workers.lanes * 2,
            job_timeout=TIMEOUT_SECONDS,
            poll_delay=0.05,
            queue_read_limit=1000,
            health_check_interval=3600,
        )
        try:
            await worker.async_run()
        except (RedisError, OSError, TimeoutError) as error:
            _log.warning("doorbell_away", error=type(error).__name__)
        except Exception:
            # arq stumbled over what Redis holds; a worker without a listener is a slow one.
            _log.error("doorbell_away", exc_info=True)
        finally:
            with contextlib.suppress(RedisError, OSError, TimeoutError):
                await worker.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PAUSE_SECONDS):
                await work.is_stopping.wait()


async def run(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT, then finish what is at hand."""
    async with Resources(settings) as resources:
        work = Work(resources)
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, work.is_stopping.set)
        listeners = [asyncio.create_task(listen(work, queue)) for queue in FUNCTIONS]
        beats = settings.workers.heartbeat.total_seconds()
        others = [
            asyncio.create_task(every(work, beats, maintenance.beat)),
            asyncio.create_task(
                every(work, maintenance.FOLD_EVERY_SECONDS, maintenance.fold_counters)
            ),
            asyncio.create_task(
                every(work, maintenance.FORGET_EVERY_SECONDS, maintenance.forget_what_is_over)
            ),
        ]
        others.append(asyncio.create_task(every(work, _FITNESS_SECONDS, look_at_sandbox)))
        seconds = settings.scoring.sweep.total_seconds()
        others.append(asyncio.create_task(every(work, seconds, fires.plan)))
        others.append(asyncio.create_task(every(work, seconds, groups.look)))
        if settings.heartbeat.url.get_secret_value():
            others.append(asyncio.create_task(every(work, pulse.LOOK_EVERY_SECONDS, pulse.beat)))
        if settings.sandbox:
            seconds = clock.LOOK_EVERY_SECONDS
            others.append(asyncio.create_task(every(work, seconds, clock.advance_if_asked)))
        _log.info("worker_started", worker_id=str(work.worker_id), pid=work.pid)
        sweep = asyncio.create_task(Sweep(work).run())
        bulk = asyncio.create_task(Bulk(work).run())
        post = asyncio.create_task(
            every(work, settings.scoring.sweep.total_seconds(), mail.send_due)
        )
        postman = asyncio.create_task(Postman(work).run())
        await work.is_stopping.wait()
        work.bulk_wanted.set()
        await _finish(work, sweep, bulk, post, postman)
        for running in (*listeners, *others):
            running.cancel()
        await asyncio.gather(*listeners, *others, return_exceptions=True)
        await maintenance.leave(work)
        _log.info("worker_stopped", worker_id=str(work.worker_id))


async def _finish(work: Work, *loops: asyncio.Task[None]) -> None:
    """Let what is at hand finish; past the time for that, code that still runs is stopped, and
    what that was is written down.
    """
    settings = work.settings

    async def finished() -> None:
        await asyncio.gather(*loops)
        await work.drained()

    at_hand = asyncio.create_task(finished())
    await asyncio.wait({at_hand}, timeout=settings.workers.drain_timeout.total_seconds())
    work.is_out_of_time.set()
    last = settings.code.grace.total_seconds() + _RECORDING_SECONDS
    await asyncio.wait({at_hand}, timeout=last)
    at_hand.cancel()
    await asyncio.gather(at_hand, return_exceptions=True)


async def look_at_sandbox(work: Work) -> None:
    """See whether customers' code may be run here; a sign of life says so at once."""
    before = work.fitness.said
    await work.fitness.look()
    if work.fitness.said != before:
        await maintenance.beat(work)
        work.bulk_wanted.set()


def main() -> None:
    try:
        settings = Settings.load()
    except (UnknownSetting, ValidationError) as error:
        sys.exit(str(error))
    log.configure(settings.log)
    os.nice(settings.workers.nice)
    garbage.look_seldom()
    uvloop.run(run(settings))


if __name__ == "__main__":
    main()
