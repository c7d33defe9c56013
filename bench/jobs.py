"""Families of scenarios and seeds -> outcomes, by processes side by side; each is kept in a file, so that a run can be resumed."""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from bench import worlds
from bench.trial import Answer, Outcome, Unasked, run_trial
from streams.simulate.scenario import Scenario

ROOT = Path(__file__).parents[1]
FAMILIES: dict[str, Callable[[int], Scenario]] = {
    "spikes": worlds.spikes,
    "storms": worlds.storms,
    "canaries": worlds.canaries,
}
CLEAN = "clean"


@dataclass(frozen=True, slots=True)
class Job:
    """One scenario to run. `days` is for clean ones."""

    family: str
    seed: int
    days: int = 0

    @property
    def name(self) -> str:
        """Tells it from all others."""
        return f"{self.family}-{self.seed}" + (f"-{self.days}d" if self.days else "")

    def scenario(self) -> Scenario:
        """What to run."""
        return worlds.clean(self.seed, self.days) if self.family == CLEAN else FAMILIES[self.family](self.seed)


@dataclass(frozen=True, slots=True)
class Done:
    """A job and what came of it; `code` is the digest of the code that ran."""

    job: Job
    outcome: Outcome
    code: str


def code_digest() -> str:
    """12 hex over all Python files of the three packages and of the scenarios: equal digests ran equal code."""
    found = hashlib.sha256()
    for top in ("actions", "detectors", "streams", "bench/worlds.py"):
        path = ROOT / top
        for each in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            found.update(each.relative_to(ROOT).as_posix().encode() + b"\0" + each.read_bytes())
    return found.hexdigest()[:12]


def run_jobs(jobs: Sequence[Job], folder: Path, *, processes: int, resume: bool) -> Iterator[Done]:
    """Run jobs, the longest first; yields each as it is done.

    Args:
        jobs: which.
        folder: where outcomes are kept, a file a job.
        processes: side by side.
        resume: take what is in `folder` instead of running it again; its digest tells which code it was.
    """
    folder.mkdir(parents=True, exist_ok=True)
    code = code_digest()
    waiting = []
    for job in sorted(jobs, key=lambda job: -job.days):
        file = folder / f"{job.name}.json"
        if resume and file.exists():
            yield _read(job, json.loads(file.read_text()))
        else:
            waiting.append(job)
    if not waiting:
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        running = {pool.submit(_run, job): job for job in waiting}
        for future in as_completed(running):
            done = Done(running[future], future.result(), code)
            kept = json.dumps({"code": code, "outcome": asdict(done.outcome)}, indent=1)
            (folder / f"{done.job.name}.json").write_text(kept + "\n")
            yield done


def _run(job: Job) -> Outcome:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    return run_trial(job.scenario())


def _read(job: Job, kept: dict[str, Any]) -> Done:
    told = kept["outcome"]
    answers = tuple(Answer(**each) for each in told["answers"])
    unasked = tuple(Unasked(**(each | {"detectors": tuple(each["detectors"])})) for each in told["unasked"])
    return Done(job, Outcome(**(told | {"answers": answers, "unasked": unasked})), kept["code"])
