"""The obvious Faust program: one agent, one windowed table by tenant; what a team writes on its first day.

    python -m bench.peers.faust_table BOOTSTRAP TOPIC RECORDS PARTITIONS [NAME FOLDER]

Follows the "Windowing" chapter of Faust's user guide: a tumbling window of 10 s by the record's own time, a table with its
changelog, counts, tokens, cost in nano-dollars and retries by tenant. Writes one JSON line with records, wall and CPU seconds when
RECORDS have been counted, from the first record on, so that start-up does not count; with 0 it counts until it is ended. Faust's
compiled parts are used where its wheel has them.
"""

import datetime as dt
import json
import os
import sys
import tempfile
import time

import faust

BOOTSTRAP, TOPIC, RECORDS, PARTITIONS = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
NAME, FOLDER = sys.argv[5:7] or (f"peer-{os.getpid()}", tempfile.mkdtemp(prefix="tidegate-bench-"))


class Usage(faust.Record, serializer="json", validation=False):
    """The fields that the table needs; the rest of the record is ignored."""

    ts: int
    tenant: str
    input_tokens: int
    output_tokens: int
    attempt: int = 1


app = faust.App(
    NAME,
    broker=f"kafka://{BOOTSTRAP}",
    datadir=FOLDER,
    store="memory://",
    topic_partitions=PARTITIONS,
    topic_replication_factor=1,
    web_enabled=False,
    topic_disable_leader=True,
    consumer_auto_offset_reset="earliest",
)
usages = app.topic(TOPIC, value_type=Usage)
facts = (
    app.Table("facts", default=lambda: [0, 0, 0, 0], partitions=PARTITIONS)
    .tumbling(dt.timedelta(seconds=10), expires=dt.timedelta(minutes=10))
    .relative_to(lambda event: event.value.ts / 1000)
)


@app.agent(usages)
async def count(stream: faust.StreamT[Usage]) -> None:
    """Add each record to its tenant's window; stop the process after the last one."""
    seen = 0
    started = cpu = 0.0
    async for usage in stream:
        if not seen:
            started, cpu = time.perf_counter(), time.process_time()
        row = facts[usage.tenant].value()
        tokens = usage.input_tokens + usage.output_tokens
        facts[usage.tenant] = [row[0] + 1, row[1] + tokens, row[2] + tokens * 2_500, row[3] + (usage.attempt > 1)]
        seen += 1
        if seen == RECORDS:
            wall_s, cpu_s = time.perf_counter() - started, time.process_time() - cpu
            print(
                json.dumps({"records": seen, "wall_s": wall_s, "cpu_s": cpu_s}), file=sys.__stdout__, flush=True
            )  # Faust takes the other
            os._exit(0)


if __name__ == "__main__":
    sys.argv = [sys.argv[0], "worker", "--loglevel", "ERROR"]
    app.main()
