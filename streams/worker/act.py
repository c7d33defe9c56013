"""`tidegate.anomalies` -> `tidegate.incidents` and `tidegate.decisions`: the pure part of stage 3, as a stage of one log."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

import msgspec

from actions.control import Control
from actions.decision import Decision
from actions.incidents import IncidentChange
from detectors.canonical import encode
from streams.log.append import Appender, Record
from streams.log.judgement_wire import Judgements, record_of_end
from streams.log.topics import Topics
from streams.log.wire import END
from streams.pipeline import Act, Plan
from streams.worker.detect import RunResult
from streams.worker.progress import Progress


class Deciding:
    """Incidents and decisions of one window after another.

    Args:
        controls: What people asked for so far; the decider takes each once, with the first window that it governs.
        progress: Told of each window before anything that it led to is written; kept with the state.
        done: Waits until decisions have been performed, where history is worked off as if it happened now; else returns at once.
        run: The mark of the run that ends; None in a service that does not end.
    """

    def __init__(  # noqa: PLR0913 (each by its name)
        self,
        *,
        plan: Plan,
        appender: Appender,
        topics: Topics,
        controls: Callable[[], Iterable[Control]],
        progress: Progress,
        done: Callable[[Sequence[Decision]], Awaitable[None]],
        run: str | None = None,
    ) -> None:
        self.next_offset = 0
        self.final = False
        self._act: Act = plan.act()
        self._appender = appender
        self._topics = topics
        self._controls = controls
        self._progress = progress
        self._done = done
        self._run = run
        self._judgements = Judgements()

    @property
    def at_rest(self) -> bool:
        """Always: deciding takes less than a snapshot."""
        return True

    @property
    def needed_from(self) -> int:
        """Before the first anomaly whose window is not complete."""
        return self._judgements.needed_from(self.next_offset)

    async def take(self, offset: int, record: Record) -> None:
        """Take an anomaly or a marker; a marker leads to the incidents and decisions of its window."""
        self.next_offset = offset + 1
        end = dict(record.headers).get(END)
        if end is not None:
            await self._end(end)
            return
        judgement = self._judgements.add(offset, record)
        if judgement is None or self.final:
            return
        self._progress.judged(judgement.window_end)
        changes, decisions = self._act.take(judgement, self._controls())
        await self._write(changes, decisions)
        await self._done(decisions)

    async def _end(self, end: bytes) -> None:
        """Pass on the end of our run; that of another run is nothing to us."""
        if self._run is not None and msgspec.json.decode(end, type=RunResult).run == self._run:
            self.final = True
            await self._appender.append(self._topics.incidents, [record_of_end(end)])
            await self._appender.append(self._topics.decisions, [record_of_end(end)])

    async def _write(self, changes: Sequence[IncidentChange], decisions: Sequence[Decision]) -> None:
        if changes:
            incidents = [Record(each.incident.id.encode(), encode(each.incident)) for each in changes]
            await self._appender.append(self._topics.incidents, incidents)
        if decisions:
            await self._appender.append(self._topics.decisions, [Record(each.id.encode(), encode(each)) for each in decisions])

    def rebuild(self) -> None:
        """What is decided again has its receipt, or is too old; this is no first start, whose history nobody may act on."""
        self._progress.restore([None, ""])

    def lost(self) -> None:
        """Judgements are lost: what opened or ended in them is not known here; incidents go on with the next one."""

    def snapshot(self) -> dict[str, Any]:
        """State that `restore` takes back."""
        return {
            "act": [self._act.incidents.snapshot(), self._act.decider.snapshot()],
            "last_window_end": self._judgements.last_window_end,
            "progress": self._progress.snapshot(),
        }

    def restore(self, position: int, state: dict[str, Any]) -> None:
        """Become what a snapshot saw."""
        self.next_offset = position
        incidents, decider = state["act"]
        self._act.incidents.restore(incidents)
        self._act.decider.restore(decider)
        self._judgements = Judgements(after=state["last_window_end"])
        self._progress.restore(state["progress"])


def decision_of(record: Record) -> Decision | None:
    """The decision of a record of `tidegate.decisions`; None for what ends a run."""
    return msgspec.json.decode(record.value, type=Decision) if record.value is not None else None
