"""A seed -> windows of a fleet of tenants as a spike bank sees them: daily wave, correlated noise, benign bursts, heavy tails."""

from dataclasses import dataclass, field

import numpy as np

from detectors.buckets import MIDDLE, bucket_of
from detectors.facts import Float64, Histogram
from detectors.marks import Cells
from detectors.spike import Seen, SpikeBank

START_MS = 1_700_006_400_000  # a Wednesday, midnight in UTC
WINDOW_MS = 10_000
HOUR = 360  # windows
DAY = 24 * HOUR
NOISE_SD = 0.25
NOISE_WINDOWS = 87  # time constant of a half-life of 10 minutes
BURST_WINDOWS = 30
BURSTS_PER_DAY = 4


def laws(count: int, random: np.random.Generator) -> tuple[np.ndarray, Float64]:
    """Buckets, and the share of each tenant's requests in them: lognormal tokens, 1 % of them 20 times as large."""
    shares = np.zeros((count, 400))
    for tenant in range(count):
        tokens = np.exp(random.normal(np.log(random.uniform(200, 3000)), random.uniform(0.7, 1.1), 4000))
        tokens[:40] *= 20
        shares[tenant] = np.bincount(bucket_of(tokens.astype(np.int64)), minlength=400) / 4000
    used = np.flatnonzero(shares.any(axis=0))
    return used, shares[:, used]


@dataclass
class Fleet:
    """`per_s` requests a second of each tenant; `ratio` is the load at the peak over that at night."""

    seed: int
    per_s: Float64
    ratio: float = 4.0
    noise: bool = True
    bank: SpikeBank = field(default_factory=SpikeBank)
    at: int = 0

    def __post_init__(self):
        self.random = np.random.default_rng(self.seed)
        count = len(self.per_s)
        self.buckets, self.shares = laws(count, self.random)
        self.phase = self.random.uniform(0, 2 * np.pi, count)
        self.log = self.random.normal(0, NOISE_SD, count)
        self.burst = np.zeros(count, np.int64)
        self.grade = np.zeros(count, np.int64)
        self.bank.grow(count)

    @property
    def now_ms(self) -> int:
        return START_MS + self.at * WINDOW_MS

    def rates(self) -> Float64:
        """Requests of this window."""
        count, keep = len(self.per_s), np.exp(-1 / NOISE_WINDOWS)
        self.log = keep * self.log + np.sqrt(1 - keep**2) * NOISE_SD * self.random.normal(size=count)
        begins = self.random.random(count) < BURSTS_PER_DAY / DAY
        self.burst = np.where(begins, BURST_WINDOWS, np.maximum(self.burst - 1, 0))
        wave = 1 + (self.ratio - 1) / (self.ratio + 1) * np.sin(2 * np.pi * self.at / DAY + self.phase)
        weather = np.exp(self.log) * np.where(self.burst > 0, 2.0, 1.0) if self.noise else 1.0
        return 10 * self.per_s * wave * weather

    def window(self, rate: Float64 | float = 1.0, size: float = 1.0, throttled: float = 0.0, learns: bool = True) -> SpikeBank:
        """One window; `rate` and `size` multiply requests and tokens."""
        count = self.random.poisson((self.rates() * rate)[:, None] * self.shares)
        row, column = np.nonzero(count)
        bucket = np.minimum(self.buckets[column] + round(8 * np.log2(size)), len(MIDDLE) - 1)
        cells = Cells.of(
            [[(np.arange(len(self.per_s), dtype=np.int32), Histogram(row, bucket, count[row, column]))]], len(self.per_s)
        )
        seen = Seen(cells, cells.values(), np.full(len(self.per_s), throttled))
        self.bank.score(seen, self.now_ms)
        self.grade = self.bank.alarms.grade[0].copy()
        self.bank.learn(np.zeros(len(self.per_s), np.bool_), complete=learns, start_ms=self.now_ms)
        self.at += 1
        return self.bank

    def calm(self, windows: int) -> np.ndarray:
        """Ordinary windows; the highest grade of each tenant in them."""
        highest = np.zeros(len(self.per_s), np.int64)
        for _ in range(windows):
            self.window()
            highest = np.maximum(highest, self.grade)
        return highest

    def spike(self, windows: int, grade: int = 1, **fault: float) -> Float64:
        """Windows of a fault: how many each tenant took to earn `grade`; infinite where it did not."""
        taken = np.full(len(self.per_s), np.inf)
        for window in range(1, windows + 1):
            self.window(**fault)
            taken[(self.grade >= grade) & np.isinf(taken)] = window
        return taken
