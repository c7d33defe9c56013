"""A stage and a script -> the script played, once or until it is stopped, and a report of what was seen of it."""

import asyncio
import time
from dataclasses import dataclass

import msgspec

from streams.demo.report import Report, unscripted
from streams.demo.screen import Screen, State
from streams.demo.script import nth_round, script_of
from streams.demo.stage import Stage
from streams.demo.traffic import wall_ms
from streams.demo.watch import Case, Look
from streams.simulate.scenario import Scenario
from streams.simulate.traffic import Traffic
from streams.simulate.truth import labels_of

LOOK_S = 0.5
STEADY_LOOKS = 2
CAUGHT_UP_S = 5.0
PAUSE_S = 45.0
"""Calm traffic between two rounds."""
ROUND_S = 300.0
"""A round that is not done by then has failed."""
RATE_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Playing:
    """How the script is to be played.

    Attributes:
        seed: of the traffic.
        once: stop after one round.
        limit_s: seconds from the start of the demo after which `once` gives up.
    """

    scenario: Scenario
    seed: int
    once: bool
    limit_s: float


class Play:
    """Plays the script on a stage.

    Args:
        started_s: monotonic time at which the demo began.
    """

    def __init__(self, on: Stage, playing: Playing, screen: Screen, *, started_s: float) -> None:
        self.report = Report()
        self._on = on
        self._playing = playing
        self._screen = screen
        self._started_s = started_s
        self._state = State()
        self._rates: list[tuple[float, int]] = []

    async def run(self) -> None:
        """Play until the end, the limit, or until cancelled.

        Raises:
            BrokerError: when a part of the stage ends.
        """
        self._screen.say(f"console {self._on.service.url}/   metrics {self._on.service.url}/metrics")
        if not await self._caught_up():
            return
        number = 0
        while True:
            await self._round(number)
            if self._playing.once:
                return
            await self._calm(PAUSE_S)
            number += 1

    def cut_short(self) -> None:
        """The demo was stopped by a person: what is not done yet is no fault."""
        for case in self.report.cases:
            case.cut_short = case in self._state.cases and not case.done

    def stopping(self) -> None:
        """Show that the end has come."""
        self._state.phase = "everything is being stopped"
        self._state.elapsed_s = self._elapsed_s
        self._screen.show(self._state)

    @property
    def _elapsed_s(self) -> float:
        return time.monotonic() - self._started_s

    @property
    def _too_late(self) -> bool:
        return self._playing.once and self._elapsed_s >= self._playing.limit_s

    async def _caught_up(self) -> bool:
        """Wait until the service has worked off the history; False when that takes too long."""
        self._state.phase = f"the service works off 3 h of history, {self._on.history:,} records, and acts on none of it"
        steady = 0
        while steady < STEADY_LOOKS:
            if self._too_late:
                return False
            answers = (await self._look([])).answers
            await asyncio.sleep(LOOK_S)  # the service has better things to do than to answer
            read = answers.records >= self._on.history
            steady = steady + 1 if answers.ready and not answers.catching_up and read and answers.lag_s < CAUGHT_UP_S else 0
        receivers = self._on.receivers
        told = len(receivers.pager.accepted) + len(receivers.tickets.received) + len(receivers.gateway.received)
        self.report.history = told
        return True

    async def _round(self, number: int) -> None:
        scenario = nth_round(self._playing.scenario, number, seed=self._playing.seed, start_ms=wall_ms())
        self._on.live.switch(Traffic(scenario))
        self._keep_labels(scenario)
        cases = [Case(scripted) for scripted in script_of(scenario)]
        self.report.cases += cases
        self._state.cases = cases
        self._state.phase = "things go wrong" if self._playing.once else f"round {number + 1}: things go wrong"
        ends_s = time.monotonic() + ROUND_S
        while not all(case.done for case in cases) and time.monotonic() < ends_s and not self._too_late:
            look = await self._look(cases)
            if all(look.at_ms >= case.scripted.label.end_ms for case in cases):
                self._state.phase = "the faults are over, and it lets go"

    async def _calm(self, seconds: float) -> None:
        self._state.phase = f"calm traffic for {seconds:.0f} s; Ctrl-C ends the demo"
        ends_s = time.monotonic() + seconds
        while time.monotonic() < ends_s:
            await self._look([])

    async def _look(self, cases: list[Case]) -> Look:
        """Look at everything once, tell what is new, and wait a moment."""
        self._on.check()
        look = Look(answers=await self._on.service.ask(), at_ms=wall_ms(), receivers=self._on.receivers, meter=self._on.live.meter)
        for case in cases:
            for step in case.take(look):
                after_s = case.marks[step]
                self._screen.say(f"{self._elapsed_s:5.0f} s  {case.scripted.name}: {step.value}, {after_s:.0f} s after it began")
        self._figures(look)
        self._screen.show(self._state)
        await asyncio.sleep(LOOK_S)
        return look

    def _figures(self, look: Look) -> None:
        report, state, answers = self.report, self._state, look.answers
        report.seconds = state.elapsed_s = self._elapsed_s
        report.records = max(report.records, answers.records)
        report.spend_usd = max(report.spend_usd, answers.spend_usd)
        alerts = [
            {"dedup_key": each.dedup_key, "summary": each.events[0]["payload"]["summary"]} for each in look.receivers.pager.alerts
        ]
        report.unscripted = unscripted(report.cases, alerts)
        state.now_ms, state.spend_usd = look.at_ms, report.spend_usd
        state.throttles = look.receivers.gateway.limits()
        self._rates = [each for each in self._rates if state.elapsed_s - each[0] <= RATE_S] + [
            (state.elapsed_s, look.meter.records)
        ]
        (first_s, first), (last_s, last) = self._rates[0], self._rates[-1]
        state.records_per_s = (last - first) / (last_s - first_s) if last_s > first_s else 0.0

    def _keep_labels(self, scenario: Scenario) -> None:
        with (self._on.folder / "labels.jsonl").open("ab") as file:
            file.writelines(msgspec.json.encode(label) + b"\n" for label in labels_of(scenario))
