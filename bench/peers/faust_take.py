"""Faust with `take`: one agent, batches of 1,000 records, one table; what a team writes when that has become too slow.

    python -m bench.peers.faust_take BOOTSTRAP TOPIC PARTITIONS NAME FOLDER

Follows `take` in the chapter "Streams" of Faust's user guide. A batch is added up in a dictionary first, so that the table and its
changelog see each tenant's window once a batch. In a batch there is no current event, so a windowed table does not know the
time and no table the partition ("Cannot modify table key from outside of stream iteration"): hence the window stands in the key,
and the table uses a partitioner. A window is removed five minutes of event time after it ended, as `expires` would do.
"""

import sys

import faust

BOOTSTRAP, TOPIC, PARTITIONS = sys.argv[1], sys.argv[2], int(sys.argv[3])
NAME, FOLDER = sys.argv[4:6]
WINDOW_MS, KEPT_MS = 10_000, 300_000
BATCH = 1_000


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
    stream_buffer_maxsize=4 * BATCH,
)
usages = app.topic(TOPIC, value_type=Usage)
facts = app.Table("facts", default=lambda: [0, 0, 0, 0], partitions=PARTITIONS, use_partitioner=True)
ages: dict[int, set[str]] = {}


def added_up(batch: list[Usage]) -> dict[str, list[int]]:
    """The sums of a batch by tenant and window."""
    sums: dict[str, list[int]] = {}
    for usage in batch:
        start_ms = usage.ts // WINDOW_MS * WINDOW_MS
        key = f"{usage.tenant}|{start_ms}"
        row = sums.get(key)
        if row is None:
            row = sums[key] = [0, 0, 0, 0]
            ages.setdefault(start_ms, set()).add(key)
        tokens = usage.input_tokens + usage.output_tokens
        row[0] += 1
        row[1] += tokens
        row[2] += tokens * 2_500
        row[3] += usage.attempt > 1
    return sums


@app.agent(usages)
async def count(stream: faust.StreamT[Usage]) -> None:
    """Add each batch to the table."""
    async for batch in stream.take(BATCH, within=0.5):
        for key, row in added_up(batch).items():
            facts[key] = [a + b for a, b in zip(facts[key], row, strict=True)]
        for start_ms in [each for each in ages if each < max(ages) - KEPT_MS]:
            for key in ages.pop(start_ms):
                facts.pop(key, None)


if __name__ == "__main__":
    sys.argv = [sys.argv[0], "worker", "--loglevel", "ERROR"]
    app.main()
