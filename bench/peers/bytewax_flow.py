"""Bytewax: one tumbling event-time window by tenant, folded, results to a topic.

    python -m bench.peers.bytewax_flow BOOTSTRAP TOPIC OUT FOLDER

Follows "Windowing" (EventClock, TumblingWindower, `fold_window`), "Kafka" and "Recovery" of Bytewax's documentation, tuned as it
says: batches of 1,000 messages from Kafka, decoded a batch at a time, `ordered=False` since sums do not mind the order, one
worker, recovery partitions under FOLDER with a snapshot every 10 s, the default.
"""

import datetime as dt
import json
import sys
from pathlib import Path
from typing import Any

import bytewax.operators as op
import bytewax.operators.windowing as win
import orjson
from bytewax.connectors.kafka import KafkaSinkMessage
from bytewax.connectors.kafka import operators as kop
from bytewax.dataflow import Dataflow
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.run import cli_main

BOOTSTRAP, TOPIC, OUT, FOLDER = sys.argv[1:5]
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
WINDOW = dt.timedelta(seconds=10)


def decoded(batch: list[Any]) -> list[tuple[str, dict[str, Any]]]:
    """The usage records of a batch by tenant."""
    usages = [orjson.loads(message.value) for message in batch]
    return [(usage["tenant"], usage) for usage in usages]


def event_time(usage: dict[str, Any]) -> dt.datetime:
    """The record's own time."""
    return dt.datetime.fromtimestamp(usage["ts"] / 1000, dt.UTC)


def added(row: list[int], usage: dict[str, Any]) -> list[int]:
    """A window's sums and one more record."""
    tokens = usage["input_tokens"] + usage["output_tokens"]
    row[0] += 1
    row[1] += tokens
    row[2] += tokens * 2_500
    row[3] += usage.get("attempt", 1) > 1
    return row


def merged(a: list[int], b: list[int]) -> list[int]:
    """The sums of two windows that became one; tumbling windows never do."""
    return [x + y for x, y in zip(a, b, strict=True)]


def message(closed: tuple[str, tuple[int, list[int]]]) -> KafkaSinkMessage[bytes, bytes]:
    """A closed window as a record."""
    tenant, (number, row) = closed
    value = {"tenant": tenant, "start": number * 10_000, "value": row}
    return KafkaSinkMessage(tenant.encode(), json.dumps(value).encode())


def main() -> None:
    """Run until ended."""
    flow = Dataflow("one_rollup")
    source = kop.input("telemetry", flow, brokers=[BOOTSTRAP], topics=[TOPIC], batch_size=1_000)
    usages = op.flat_map_batch("decode", source.oks, decoded)
    clock = win.EventClock(event_time, wait_for_system_duration=dt.timedelta(seconds=5))
    windower = win.TumblingWindower(length=WINDOW, align_to=EPOCH)
    windows = win.fold_window("sums", usages, clock, windower, lambda: [0, 0, 0, 0], added, merged, ordered=False)
    kop.output("out", op.map("message", windows.down, message), brokers=[BOOTSTRAP], topic=OUT)
    Path(FOLDER).mkdir(parents=True, exist_ok=True)
    init_db_dir(Path(FOLDER), 1)
    cli_main(flow, epoch_interval=dt.timedelta(seconds=10), recovery_config=RecoveryConfig(FOLDER))


if __name__ == "__main__":
    main()
