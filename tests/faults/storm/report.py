"""One storm from its seed to its verdict."""

import asyncio
import json
import re
import time
from collections import Counter
from dataclasses import dataclass, field

from tests.faults.checker import Broken, check, settled
from tests.faults.ledger import Ledger
from tests.faults.processes import PATIENCE_SECONDS
from tests.faults.storm.chaos import Chaos, awake
from tests.faults.storm.load import Load
from tests.faults.storm.site import Site, a_site

_NUMBERS = re.compile(r"[0-9.]+s ! [0-9a-f]{32}:")


@dataclass
class Report:
    """What happened, and whether anything was lost."""

    seed: int
    seconds: float
    faults: Counter[str] = field(default_factory=Counter)
    ledger: Ledger = field(default_factory=Ledger)
    endings: Counter[int] = field(default_factory=Counter)
    complaints: Counter[str] = field(default_factory=Counter)
    healed_seconds: float = 0.0
    breaches: str = ""

    def __str__(self) -> str:
        def counts(found: Counter[str] | Counter[int]) -> str:
            return ", ".join(f"{name} × {n}" for name, n in found.most_common()) or "none"

        return "\n".join(
            (
                f"seed        {self.seed}",
                f"storm       {self.seconds:.0f} s, quiet {self.healed_seconds:.1f} s after it",
                f"faults      {counts(self.faults)}",
                f"endings     {counts(self.endings)}",
                f"items       {len(self.ledger.sent)} in {self.ledger.attempts} attempts",
                f"files       {len(self.ledger.files)}",
                f"code        {counts(self.ledger.code)}",
                f"answers     {counts(self.ledger.answers)}",
                f"refusals    {counts(self.ledger.refusals)}",
                f"silences    {counts(self.ledger.silences)}",
                f"logged      {counts(self.complaints)}",
                f"verdict     {self.breaches or 'nothing lost, nothing twice, nothing left'}",
            )
        )


async def weather(seed: int, seconds: float) -> Report:
    """A storm of so many seconds over a site of its own, healed and checked."""
    async with a_site() as site:
        load = Load(site, seed)
        report = Report(seed, seconds, ledger=load.ledger)
        await load.prepare()
        chaos = Chaos(site, load, seed)
        report.faults = chaos.done
        sending = asyncio.create_task(load.run())
        await chaos.run(seconds)
        began = time.monotonic()
        load.end()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await sending
            async with awake(site.workers):
                await settled(site.ground.database_url)
            report.healed_seconds = time.monotonic() - began
            await check(site.ground.database_url, load.ledger)
        except TimeoutError:
            report.breaches = "clients without an answer"
        except Broken as broken:
            report.breaches = str(broken)
        _read_logs(site, report)
    return report


def _read_logs(site: Site, report: Report) -> None:
    """How processes ended, and what they had to say."""
    for service in site.services:
        report.endings.update(service.endings)
    for line in site.ground.processes.output().splitlines():
        if not line.startswith('{"') or '"level": "info"' in line:
            continue
        said = json.loads(line)
        words = (said["level"], said["event"], said.get("error") or said.get("exception"))
        shown = " ".join(str(word) for word in words if word).split(" at ", 1)[0]
        report.complaints[_NUMBERS.sub("", shown)[:100]] += 1
