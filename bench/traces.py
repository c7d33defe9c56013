"""A published trace of LLM requests (CSV, gzip) -> usage records as JSON lines, so that real traffic can be replayed.

    python -m bench.traces TRACES/azure2023_code.csv.gz --out code.jsonl
    python -m bench.traces TRACES/servegen_m-large.csv.gz --out large.jsonl --client 104 --since 60000 --until 90000

Per-request traces (Azure 2023 code and conversation, Mooncake) are taken as they are: arrival, input and output tokens. What was
not published is chosen: a model with a price that suits the trace, one tenant where none is told. A record's `ts` is the request's
arrival, since no trace tells when its answer ended. ServeGen publishes 10-minute sums a client: each becomes as many requests,
spread evenly over the 10 minutes, with lognormal lengths of the published median and 99th percentile, drawn from the seed.
"""

import argparse
import csv
import gzip
import json
import math
import random
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from detectors.canonical import parse_time

ROUND_S = 600
"""ServeGen's sums are over this long."""
_Z99 = 2.326  # standard normal quantile of 0.99
_MOST_TOKENS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Guise:
    """What a trace does not tell of itself."""

    model: str
    provider: str
    tenant: str
    feature: str
    service: str


GUISES = {
    "azure2023_code": Guise("gpt-4o", "openai", "azure-code", "code", "code-api"),
    "azure2023_conv": Guise("gpt-4o-mini", "openai", "azure-conv", "chat", "chat-api"),
    "mooncake_conversation": Guise("kimi-k2-0711-preview", "moonshotai", "mooncake", "chat", "kimi"),
    "servegen_deepseek-r1": Guise("deepseek-reasoner", "deepseek", "client", "reasoning", "servegen"),
    "servegen_m-large": Guise("gpt-4o", "openai", "client", "large", "servegen"),
    "servegen_m-mid": Guise("gpt-4.1-mini", "openai", "client", "mid", "servegen"),
    "servegen_m-small": Guise("gpt-4o-mini", "openai", "client", "small", "servegen"),
    "servegen_mm-image": Guise("gemini-2.5-flash", "google", "client", "image", "servegen"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Which part of a trace, and where it is put in time.

    Attributes:
        start_ms: when second 0 of the trace is said to have been.
        since_s, until_s: seconds from the trace's start, half-open.
        clients: of ServeGen; all when empty.
    """

    start_ms: int
    since_s: float = 0.0
    until_s: float = math.inf
    clients: frozenset[str] = frozenset()
    seed: int = 0


def convert(path: Path, part: Part) -> Iterator[dict[str, Any]]:
    """Usage records in the order of their `ts`; the same trace and part give the same records, and the same event_ids.

    Raises:
        ValueError: when the file's name is none of GUISES.
    """
    name = path.name.removesuffix(".csv.gz")
    if name not in GUISES:
        raise ValueError(f"{path}: is none of {', '.join(GUISES)}")
    with gzip.open(path, "rt", newline="") as file:
        rows = [(number, row) for number, row in enumerate(csv.DictReader(file)) if part.since_s <= float(row["ts"]) < part.until_s]
    return _by_client(name, rows, part) if name.startswith("servegen_") else _by_request(name, rows, part)


def _by_request(name: str, rows: Iterable[tuple[int, dict[str, str]]], part: Part) -> Iterator[dict[str, Any]]:
    for number, row in rows:
        lengths = (_count(row["input_tokens"]), _count(row["output_tokens"]))
        record = _record(GUISES[name], f"{name}-{number:06d}", part.start_ms + round(float(row["ts"]) * 1000), lengths)
        told = {"session_id": row.get("session_id"), "call_hash": row.get("prompt_key")}
        if row.get("status"):
            record["status"] = int(row["status"])
        yield record | {key: value for key, value in told.items() if value}


def _by_client(name: str, rows: Iterable[tuple[int, dict[str, str]]], part: Part) -> Iterator[dict[str, Any]]:
    waiting: list[dict[str, Any]] = []
    now_s = -1.0
    for number, row in rows:
        if float(row["ts"]) > now_s:
            yield from sorted(waiting, key=lambda record: (record["ts"], record["event_id"]))
            waiting, now_s = [], float(row["ts"])
        if not part.clients or row["client_id"] in part.clients:
            waiting += _spread(name, number, row, part)
    yield from sorted(waiting, key=lambda record: (record["ts"], record["event_id"]))


def _spread(name: str, number: int, row: dict[str, str], part: Part) -> Iterator[dict[str, Any]]:
    draw = random.Random(f"{part.seed}|{name}|{number}")
    requests = int(float(row["requests"]))
    guise = GUISES[name]
    for index in range(requests):
        at_ms = part.start_ms + round((float(row["ts"]) + ROUND_S * (index + draw.random()) / requests) * 1000)
        lengths = (_length(row, "in", draw), _length(row, "out", draw))
        record = _record(guise, f"{name}-{number:06d}-{index:06d}", at_ms, lengths)
        yield record | {"tenant": f"{guise.tenant}-{row['client_id']}"}


def _record(guise: Guise, event_id: str, at_ms: int, lengths: tuple[int | None, int | None]) -> dict[str, Any]:
    return {
        "event_id": event_id,
        "ts": at_ms,
        "model": guise.model,
        "provider": guise.provider,
        "tenant": guise.tenant,
        "feature": guise.feature,
        "service": guise.service,
        "env": "prod",
        "input_tokens": lengths[0],
        "output_tokens": lengths[1],
    }


def _count(text: str) -> int | None:
    return int(float(text)) if text else None


def _length(row: dict[str, str], side: str, draw: random.Random) -> int | None:
    """A length of a published lognormal law; None where it was not published."""
    p50, p99, most = (row[f"{side}_{part}"] for part in ("p50", "p99", "max"))
    if not p50 or not p99:
        return None
    median = max(float(p50), 1.0)
    sigma = math.log(max(float(p99) / median, 1.0)) / _Z99
    return min(round(median * math.exp(sigma * draw.gauss(0, 1))), int(float(most or _MOST_TOKENS)))


def main(arguments: list[str] | None = None) -> int:
    """Convert one trace; the number of records goes to stderr."""
    parser = argparse.ArgumentParser(prog="python -m bench.traces", description="Turn a published trace into usage records.")
    parser.add_argument("trace", type=Path, help="*.csv.gz, named as published")
    parser.add_argument("--out", type=Path, required=True, help="*.jsonl or *.jsonl.gz")
    parser.add_argument("--start", default="2026-03-02T09:00:00Z", help="RFC 3339 time of the trace's second 0")
    parser.add_argument("--since", type=float, default=0.0, help="seconds from the trace's start")
    parser.add_argument("--until", type=float, default=math.inf, help="seconds from the trace's start, exclusive")
    parser.add_argument("--client", action="append", default=[], help="of ServeGen; may be repeated")
    parser.add_argument("--seed", type=int, default=0, help="for the lengths of ServeGen's requests")
    told = parser.parse_args(arguments)
    clients = frozenset(told.client)
    part = Part(start_ms=parse_time(told.start), since_s=told.since, until_s=told.until, clients=clients, seed=told.seed)
    opener = gzip.open if told.out.suffix == ".gz" else open
    records = 0
    with opener(told.out, "wt", encoding="utf-8") as file:
        for record in convert(told.trace, part):
            file.write(json.dumps(record, separators=(",", ":")) + "\n")
            records += 1
    print(f"{records} records", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
