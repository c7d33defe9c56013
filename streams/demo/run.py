"""Options -> a demo from its first server to its last word: everything is stopped, whatever happens in between."""

import asyncio
import logging
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from streams.demo.play import Play, Playing
from streams.demo.report import Report
from streams.demo.screen import Screen, State
from streams.demo.script import calm
from streams.demo.stage import packaged_scenario, stage
from streams.errors import WrongUseError

ONCE_S = 280.0
"""`--once` has given its verdict and stopped everything 5 min after it began."""
INTERRUPTED = 130


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What `tidegate demo` was told.

    Attributes:
        keep: folder for recording, policy, labels and logs.
    """

    once: bool
    seed: int
    keep: Path | None


class Demo:
    """One demo.

    Attributes:
        report: what was seen so far.
    """

    def __init__(self, options: Options, screen: Screen) -> None:
        self.report = Report()
        self._options = options
        self._screen = screen
        self._interrupted = False

    async def run(self) -> int:
        """Show it, and give the exit code: 0 when every scripted incident was dealt with, else 1, or 130 when interrupted early.

        Raises:
            WrongUseError: when the broker is not installed, or the folder to keep things in has things in it.
            BrokerError: when a part does not start, or ends by itself.
        """
        task = asyncio.current_task()
        assert task is not None
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._interrupt, task)
        try:
            with _folder(self._options.keep) as folder:
                await self._in(folder)
        except asyncio.CancelledError:
            if not self._interrupted:
                raise
        self.report.interrupted = self._interrupted
        if self._interrupted and self._options.once:
            return INTERRUPTED
        return 1 if self.report.complaints else 0

    def _interrupt(self, task: "asyncio.Task[object]") -> None:
        """The first Ctrl-C ends the demo; everything is being stopped then, and further ones change nothing."""
        if not self._interrupted:
            self._interrupted = True
            task.cancel()

    async def _in(self, folder: Path) -> None:
        started_s = time.monotonic()
        logging.basicConfig(filename=folder / "demo.log", level=logging.WARNING, force=True)
        scenario = packaged_scenario()
        self._screen.show(State(phase="broker, receivers and 3 h of history"))
        playing = Playing(scenario=scenario, seed=self._options.seed, once=self._options.once, limit_s=ONCE_S)
        async with stage(folder, calm(scenario).changed(seed=self._options.seed)) as its:
            play = Play(its, playing, self._screen, started_s=started_s)
            self.report = play.report
            try:
                await play.run()
            except asyncio.CancelledError:
                if not self._interrupted:
                    raise
                play.cut_short()
                self.report.interrupted = True
            play.stopping()
            if self._options.keep is not None:
                await its.record()
                self.report.kept = self._options.keep
                (folder / "summary.json").write_bytes(msgspec.json.format(msgspec.json.encode(self.report.plain())))


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    """The folder that is kept, or one that is gone in the end."""
    if keep is not None:
        if keep.exists() and (not keep.is_dir() or any(keep.iterdir())):
            raise WrongUseError(f"--keep: {keep} is there already, and not empty")
        keep.mkdir(parents=True, exist_ok=True)
        yield keep
        return
    folder = Path(tempfile.mkdtemp(prefix="tidegate-demo-"))
    try:
        yield folder
    finally:
        logging.shutdown()
        shutil.rmtree(folder, ignore_errors=True)
