"""A log on a real Kafka, and scripts of kills -> where the files of any worker differ from a replay of the recording."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from actions.policy import Policy, load_policy
from tests.kafka.service import Service
from tests.law.answers import Answers, differences, miscounted, read_answers, replayed
from tests.law.crowd import ONE, Crowd, Script
from tests.law.log import Keying, Log, dealt
from tests.law.recount import recount
from tests.law.topic import budgets_of, dead_letters_of, facts_of, fill, forget


@dataclass(frozen=True, slots=True)
class Played:
    """One run of the service; `done` is what was done to whom, `wrong` where it broke the law."""

    script: Script
    done: list[tuple[str, str, int]]
    written: int
    seconds: float
    wrong: list[str]

    def count(self, act: str) -> int:
        """How often something was done; fewer than the script says when the run was over before."""
        return sum(1 for what, _, _ in self.done if what == act)


@dataclass(slots=True)
class Disturbed:
    """One topic that is run over again and again.

    Attributes:
        expected: the answers of `tidegate replay` of what `tidegate record` kept of the topic, with the facts and budgets that the
            same replay has in this process.
        usual: how many records an undisturbed run writes to `tidegate.windows` and `tidegate.anomalies`.
    """

    service: Service
    log: Log
    keying: Keying
    partitions: int
    policy_file: Path
    folder: Path
    expected: Answers = field(init=False)
    undisturbed: Played = field(init=False)
    usual: int = 0
    _policy: Policy = field(init=False)

    def __post_init__(self) -> None:
        """Fill the topic, find what is expected, and run the service once in peace."""
        self._policy = load_policy(self.policy_file)
        fill(self.service, self.log, self.keying, self.partitions)
        self.expected = self._recorded()
        self.undisturbed = self.play(Script(roles=ONE))
        self.usual = self.undisturbed.written

    def _recorded(self) -> Answers:
        recording, out = self.folder / "telemetry.tgr", self.folder / "replay"
        self._tidegate("record", *self.service.kafka_options, "--until-end", "--out", str(recording))
        self._tidegate("replay", str(recording), "--policy", str(self.policy_file), "--out", str(out))
        found = read_answers(out)
        inside = replayed(self._policy, dealt(self.log, self.keying, self.partitions))
        assert differences(found, inside) == []
        assert miscounted(inside, recount(self.log)) == []
        return inside

    def _tidegate(self, *arguments: str) -> None:
        done = self.service.tidegate(*arguments, timeout_s=1800.0)
        assert done.returncode == 0, done.stderr

    def play(self, script: Script) -> Played:
        """Run the service as a script says, from an empty state, and compare."""
        began_s = time.monotonic()
        folder = self.folder / f"{'+'.join(script.roles)}-{script.seed}-{script.kills}-{script.named}"
        crowd = Crowd(self.service, script, folder, ["--policy", str(self.policy_file)])
        outs = crowd.run(self.usual, timeout_s=300.0 + len(self.log) / 500)
        seconds = time.monotonic() - began_s
        wrong = [f"{out.name}: {each}" for out in outs for each in differences(self.expected, read_answers(out))]
        wrong += self._wrong_on_topics()
        written = sum(self.service.end(topic) for topic in (self.service.topics.windows, self.service.topics.anomalies))
        forget(self.service)
        return Played(script, crowd.done, written, seconds, wrong)

    def _wrong_on_topics(self) -> Sequence[str]:
        """What the files do not show: the facts of all windows, the budgets, and the dead letters one by one."""
        facts = facts_of(self.service, self._policy, self.partitions)
        topics = Answers(self.expected.lines, self.expected.totals, budgets_of(self.service), facts)
        wrong = differences(self.expected, topics)
        letters = [reason.decode() for reason in dead_letters_of(self.service).values()]
        counts = {reason: letters.count(reason) for reason in set(letters)}
        if counts != self.expected.totals["dead_letters"]:
            wrong.append(f"dead letters: {counts} and not {self.expected.totals['dead_letters']}")
        return wrong
