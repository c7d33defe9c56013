"""Two lengths of one telemetry, run by one program -> what its records cost, without what starting and stopping cost."""

from dataclasses import dataclass

from bench.child import Ran


@dataclass(frozen=True, slots=True)
class Took:
    """A number of records, and what they took."""

    records: int
    wall_s: float
    cpu_s: float

    @property
    def per_cpu_s(self) -> float:
        """Records a CPU-second."""
        return self.records / self.cpu_s

    @property
    def per_s(self) -> float:
        """Records a second."""
        return self.records / self.wall_s


def steady(short: tuple[int, Ran], long: tuple[int, Ran]) -> Took:
    """The difference of two runs, (records, what they took) each."""
    (few, began), (many, ended) = short, long
    return Took(many - few, ended.wall_s - began.wall_s, ended.cpu_s - began.cpu_s)
