"""What a sandbox offers to whoever runs customers' code, whatever it is made of."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

from workers.sandbox.channel import EmailRequest
from workers.sandbox.leash import Leash
from workers.sandbox.lines import LogLine
from workers.sandbox.order import Order
from workers.sandbox.outcome import Outcome

OnLine: TypeAlias = Callable[[LogLine], None]
OnEmail: TypeAlias = Callable[[EmailRequest], None]


class Driver(Protocol):
    """One way of keeping strangers' code apart from everything else."""

    async def run(
        self,
        order: Order,
        *,
        on_line: OnLine,
        on_email: OnEmail | None = None,
        is_cancelled: asyncio.Event | None = None,
        leash: Leash | None = None,
    ) -> Outcome:
        """Run it to its end; nothing of it is left afterwards, neither processes nor files.

        A cancelled task kills it at once. `is_cancelled` asks it to stop first.

        Args:
            on_line: called as the lines come, on this thread; it must not wait.
            on_email: the same for what `LS.email` asks for, at most three times.
            leash: ends it when nobody extends it, even where this process stands still.

        Raises:
            SandboxBroken: it could not be built. The code has not begun.
            CodeUnreadable: there is nothing to run.
        """

    async def self_test(self) -> Sequence[str]:
        """Start a real sandbox and try to get out of it; why it is not to be used, if it is not."""
