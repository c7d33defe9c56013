"""The parts of stage 2 put together."""

import asyncio

from streams.now import Now
from streams.worker.detect import Detect
from streams.worker.faust_role import FaustRole
from streams.worker.parts import Parts
from streams.worker.stage_metrics import DetectMetrics
from streams.worker.stateful import Stateful
from streams.worker.watch import Watch


class DetectRole:
    """Stage 2 of one worker."""

    def __init__(self, *, parts: Parts, now: Now, run: str | None = None) -> None:
        self._parts = parts
        self._metrics = DetectMetrics(parts.metrics, now)
        self._run = run
        self.detecting = Stateful(
            "detect", topic=parts.topics.windows, snapshots=parts.snapshots, losses=parts.losses, new=self._new_stage
        )
        self._role = FaustRole(
            parts.kafka.settings,
            group=parts.topics.group("detect"),
            instance=parts.instance,
            members={parts.topics.windows: self.detecting},
        )

    def _new_stage(self) -> Detect:
        parts = self._parts
        return Detect(plan=parts.plan, appender=parts.appender, topics=parts.topics, metrics=self._metrics, run=self._run)

    @property
    def ready(self) -> bool:
        """Whether what came to this worker is restored."""
        return self._role.ready

    async def run(self) -> None:
        """Run until something fails."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.detecting.keep())
            if self._run is None:
                group.create_task(Watch(self._parts, self.detecting).run())
            await self._role.run()

    async def stop(self) -> None:
        """Leave a last snapshot, and leave the group."""
        await self.detecting.save()
        await self._role.stop()
