"""Quix Streams: one tumbling window by tenant, final results to a topic.

    python -m bench.peers.quix BOOTSTRAP TOPIC OUT NAME FOLDER

Follows "Windowing" (tumbling windows, final emission, grace period, closing strategies) and "Stateful Processing" of Quix Streams'
documentation: event time by a timestamp extractor, state in RocksDB under FOLDER with changelog topics, both by default. One
`reduce` keeps one value a window, where four aggregations would keep four; windows close by the partition's time, so that a
tenant that falls silent does not keep its last one.
"""

import sys
from typing import Any

from quixstreams import Application

BOOTSTRAP, TOPIC, OUT, NAME, FOLDER = sys.argv[1:6]


def event_time(value: Any, _headers: Any, _timestamp: float, _type: Any) -> int:
    """The record's own time, epoch milliseconds."""
    return int(value["ts"])


def first(usage: dict[str, Any]) -> list[int]:
    """A window's sums after its first record."""
    return added([0, 0, 0, 0], usage)


def added(row: list[int], usage: dict[str, Any]) -> list[int]:
    """A window's sums and one more record."""
    tokens = usage["input_tokens"] + usage["output_tokens"]
    return [row[0] + 1, row[1] + tokens, row[2] + tokens * 2_500, row[3] + (usage.get("attempt", 1) > 1)]


def main() -> None:
    """Run until ended."""
    app = Application(
        broker_address=BOOTSTRAP, consumer_group=NAME, auto_offset_reset="earliest", state_dir=FOLDER, loglevel="ERROR"
    )
    usages = app.dataframe(app.topic(TOPIC, value_deserializer="json", timestamp_extractor=event_time))
    windows = usages.tumbling_window(duration_ms=10_000, grace_ms=5_000).reduce(reducer=added, initializer=first)
    windows.final(closing_strategy="partition").to_topic(app.topic(OUT, value_serializer="json"))
    app.run()


if __name__ == "__main__":
    main()
