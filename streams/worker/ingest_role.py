"""The parts of stage 1 put together."""

import asyncio
import logging
from collections.abc import Callable

from streams.now import Now
from streams.plain import compiled
from streams.worker.ends import Ends
from streams.worker.ingest import Ingest
from streams.worker.ingest_metrics import IngestMetrics
from streams.worker.parts import Parts

log = logging.getLogger("tidegate.ingest")


class IngestRole:
    """Stage 1 of one worker."""

    def __init__(self, *, parts: Parts, now: Now, ends: Ends | None, judged_ms: Callable[[], int | None]) -> None:
        self._ends = ends
        self._ingest = Ingest(parts=parts, metrics=IngestMetrics(parts.metrics, now), now=now, judged_ms=judged_ms)
        self._stopped = asyncio.Event()

    @property
    def ready(self) -> bool:
        """Whether all partitions that came to this worker are restored."""
        return self._ingest.restored

    async def run(self) -> None:
        """Read until `stop`."""
        if not compiled():
            log.warning("records are read at half the speed: streams/scan.pyx was not compiled where Tidegate was installed")
        try:
            await self._ingest.run(ends=self._ends)
        finally:
            self._stopped.set()

    async def stop(self) -> None:
        """Leave a last snapshot of every partition, and leave the group."""
        if self._ingest.started:
            self._ingest.stop()
            await self._stopped.wait()
