"""What goes into a sandbox: the code, its layer, the way out; all of it there before it begins."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from app.core.files.local import in_thread
from app.core.settings import Settings
from app.jobs.attempts.service import Attempt
from app.jobs.code import layers
from app.jobs.code.keeping import materialise_code
from app.jobs.code.passing import folder_for
from workers.proxying.connections import Proxy
from workers.proxying.policy import Policy, policy_of
from workers.proxying.server import filtering
from workers.sandbox.order import Event, Limits, Order
from workers.work import Work

# Of one attempt, whose timeout is a day at most, with what comes before and after it.
_LONGEST = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Materials:
    """Everything is in its place; `output` is where the files of the code will be."""

    order: Order
    proxy: Proxy
    output: Path

    def order_for(self, deadline: timedelta) -> Order:
        return replace(self.order, deadline=deadline)


@asynccontextmanager
async def materials(work: Work, attempt: Attempt) -> AsyncIterator[Materials]:
    """The materials of one attempt, for as long as the context lasts.

    Raises:
        KeptContentDamaged: the code is not what was uploaded.
        StorageFull, FilesUnavailable: later, perhaps.
        OSError: there is no room for a socket.
    """
    files, version = work.resources.files, attempt.version
    async with AsyncExitStack() as stack:
        code = await stack.enter_async_context(
            materialise_code(files, version.stored_as, version.sha256, work.shelf)
        )
        layer = None
        if version.layer_id is not None:
            layer = await stack.enter_async_context(
                layers.materialise(files, version.layer_id, work.shelf)
            )
        # Short, for the address of a socket has a hundred bytes; closed to everybody else.
        folder = await in_thread(lambda: folder_for("penstock-run-", longest=_LONGEST))
        stack.push_async_callback(in_thread, folder.cleanup)
        output = Path(folder.name) / "output"
        await in_thread(output.mkdir)
        socket = Path(folder.name) / "proxy"
        policy = _policy(work.settings, attempt)
        proxy = await stack.enter_async_context(filtering(policy, socket))
        order = Order(
            code=code,
            layer=layer,
            deadline=attempt.timeout,
            event=Event(
                body=attempt.body,
                query_string_parameters=attempt.query,
                source=attempt.trigger,
                job_name=attempt.job_name,
                job_instance_id=str(attempt.run_id),
                retry_attempt=attempt.number,
            ),
            variables=attempt.variables.variables,
            secrets=attempt.variables.secrets,
            limits=_limits(work.settings, attempt),
            proxy_socket=socket,
            api_url=policy.own_api.url if policy.own_api is not None else None,
            keep_output_in=output,
        )
        yield Materials(order, proxy, output)


def _limits(settings: Settings, attempt: Attempt) -> Limits:
    """All attempts of a run share the room of its log."""
    limits = Limits.of(settings.code)
    return replace(limits, log_bytes=max(0, limits.log_bytes - attempt.log_used_bytes))


def _policy(settings: Settings, attempt: Attempt) -> Policy:
    return policy_of(
        settings.proxying,
        own_url=settings.code.api_url or _own_url(settings),
        allowed=attempt.allow_list,
        only_listed=attempt.only_listed,
    )


def _own_url(settings: Settings) -> str:
    everywhere = settings.http.host in ("0.0.0.0", "::", "")  # noqa: S104  (compared, not bound)
    host = "127.0.0.1" if everywhere else settings.http.host
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.http.port}"
