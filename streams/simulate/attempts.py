"""Operations -> attempts: how often each is tried, what every attempt costs and how it ends, as integer columns."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from streams.simulate.lanes import Lanes
from streams.simulate.operations import Operations

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
PPM = 1_000_000
"""Random numbers that travel with an attempt are integers below this."""
_CLIENT_TIMEOUT_MS = 15_000
_CANCEL_MS = 1_500
_REFUSAL_MS = 250


class Column(IntEnum):
    """Rows of the matrix of attempts."""

    ARRIVAL_MS = 0  # when the record reaches the log
    TS_MS = 1  # when the attempt ended
    LANE = 2
    OPERATION = 3  # running number of the operation
    ATTEMPT = 4  # 1, 2, ...
    INPUT = 5  # tokens; -1 is unknown
    OUTPUT = 6
    CACHED = 7  # part of INPUT
    REASONING = 8  # part of OUTPUT
    SESSION = 9  # running number within the tenant
    LATENCY_MS = 10
    TTFT_MS = 11
    OUTCOME = 12  # an Outcome
    ARM_PPM = 13  # decides about the arm of a rollout, the same for all attempts of an operation
    QUALITY_PPM = 14  # decides whether a bad canary fails it
    EXTRA = 15  # an Extra: what else the log gets because of this record
    EXTRA_SEED = 16


class Outcome(IntEnum):
    """How an attempt ended."""

    OK = 0
    OVERLOADED = 1  # the provider refused, nothing is billed
    TIMEOUT = 2  # the client waited in vain, the provider worked
    CANCELLED = 3  # the client gave up early
    THROTTLED = 4  # the gateway's quota refused it
    SERVER_ERROR = 5  # an answer that was of no use


class Extra(IntEnum):
    """What comes along with a record."""

    NONE = 0
    DUPLICATE = 1
    CONFLICT = 2
    MALFORMED = 3


@dataclass(frozen=True, slots=True)
class Tries:
    """How often each operation is tried.

    Attributes:
        count: attempts, shape (operations,).
        cancelled: how many of the first ones the client cancels, whatever the provider does.
        succeeds: whether the last one does.
    """

    count: Int64
    cancelled: Int64
    succeeds: NDArray[np.bool_]


def draw_tries(operations: Operations, fails: Float64, random: np.random.Generator) -> Tries:
    """Attempts until the first that succeeds (geometric), at most 1 + retries, after those that the client cancels."""
    uniform = 1 - random.random(len(operations))
    until_success = 1 + np.floor(np.log(uniform) / np.log(np.clip(fails, 1e-12, 1 - 1e-12))).astype(np.int64)
    most = 1 + operations.retries
    cancelled = np.floor(operations.amplification + random.random(len(operations))).astype(np.int64) - 1
    tried = np.minimum(until_success, most)
    return Tries(count=np.minimum(cancelled + tried, 1000), cancelled=cancelled, succeeds=until_success <= most)


def draw_attempts(operations: Operations, lanes: Lanes, first_operation: int, random: np.random.Generator) -> Int64:
    """The attempts of operations numbered from `first_operation`, shape (len(Column), attempts); arrival and session are left 0."""
    timeouts = lanes.figures["timeout_ratio"][operations.lane]
    fails = operations.error_ratio + timeouts - operations.error_ratio * timeouts
    tries = draw_tries(operations, fails, random)
    row = np.repeat(np.arange(len(operations)), tries.count)
    first = np.cumsum(tries.count) - tries.count
    attempt = np.arange(len(row)) - first[row] + 1
    rows = np.zeros((len(Column), len(row)), dtype=np.int64)
    rows[Column.LANE] = operations.lane[row]
    rows[Column.OPERATION] = first_operation + row
    rows[Column.ATTEMPT] = attempt
    rows[Column.ARM_PPM] = (random.random(len(operations)) * PPM).astype(np.int64)[row]
    rows[Column.QUALITY_PPM] = (random.random(len(row)) * PPM).astype(np.int64)
    timed_out = random.random(len(row)) * fails[row] < timeouts[row]
    outcome = np.where(timed_out, int(Outcome.TIMEOUT), int(Outcome.OVERLOADED))
    outcome[attempt <= tries.cancelled[row]] = Outcome.CANCELLED
    outcome[(attempt == tries.count[row]) & tries.succeeds[row]] = Outcome.OK
    rows[Column.OUTCOME] = outcome
    _bill(rows, operations, lanes, row, random)
    _clock(rows, operations, first, row, random)
    return rows


def _bill(rows: Int64, operations: Operations, lanes: Lanes, row: Int64, random: np.random.Generator) -> None:
    """Tokens and latency of every attempt, by how it ended."""
    outcome, figures, lane = rows[Column.OUTCOME], lanes.figures, rows[Column.LANE]
    refused = outcome == Outcome.OVERLOADED
    given_up = (outcome == Outcome.TIMEOUT) | (outcome == Outcome.CANCELLED)
    inputs = np.where(refused, 0, operations.input_tokens[row])
    outputs = np.where(refused, 0, operations.output_tokens[row] * np.where(given_up, 0.4, 1.0))
    rows[Column.INPUT], rows[Column.OUTPUT] = np.rint(inputs), np.rint(outputs)
    served_from_cache = random.random(len(row)) < 0.5
    rows[Column.CACHED] = rows[Column.INPUT] * figures["cached"][lane] * served_from_cache
    rows[Column.REASONING] = rows[Column.OUTPUT] * figures["reasoning"][lane]
    jitter = np.exp(0.25 * random.standard_normal((2, len(row))))
    ttft_ms = (figures["ttft_ms"][lane] + 0.02 * inputs) * jitter[0]
    latency_ms = ttft_ms + outputs * figures["ms_per_token"][lane] * jitter[1]
    latency_ms[outcome == Outcome.TIMEOUT] = _CLIENT_TIMEOUT_MS
    latency_ms[outcome == Outcome.CANCELLED] = _CANCEL_MS
    latency_ms[refused] = _REFUSAL_MS * jitter[0][refused]
    rows[Column.LATENCY_MS] = latency_ms
    rows[Column.TTFT_MS] = np.minimum(ttft_ms, latency_ms)


def _clock(rows: Int64, operations: Operations, first: Int64, row: Int64, random: np.random.Generator) -> None:
    """End of every attempt: those before it, their back-off with full jitter, and its own latency."""
    backoff_ms = 200.0 * 2 ** np.minimum(rows[Column.ATTEMPT] - 1, 5) * random.random(len(row))
    passed = np.cumsum(rows[Column.LATENCY_MS] + backoff_ms)
    before = passed[first] - rows[Column.LATENCY_MS][first] - backoff_ms[first] if len(row) else passed
    rows[Column.TS_MS] = operations.start_ms[row] + (passed - before[row]) - backoff_ms
