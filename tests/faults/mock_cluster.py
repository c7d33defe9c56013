"""librdkafka's mock cluster, out of the wheel of confluent-kafka -> brokers in this process that fail as they are told.

It speaks Kafka's protocol to anybody, in memory: no compaction, no CreateTopics, and at most 5 MB a partition, so that what runs on
it has to be short. What it gives that no real broker does: any error code, in the answer to any request.
"""

import contextlib
import ctypes
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

PRODUCER = 0


def _library() -> Any:
    """The library inside the wheel."""
    spec = find_spec("confluent_kafka")
    assert spec is not None
    assert spec.origin is not None
    import confluent_kafka  # noqa: F401, PLC0415 (loads what the library needs)

    (path,) = (Path(spec.origin).parents[1] / "confluent_kafka.libs").glob("librdkafka*.so*")
    library = ctypes.CDLL(str(path))
    for name in ("rd_kafka_new", "rd_kafka_conf_new", "rd_kafka_mock_cluster_new"):
        getattr(library, name).restype = ctypes.c_void_p
    library.rd_kafka_mock_cluster_bootstraps.restype = ctypes.c_char_p
    return library


class MockCluster:
    """Brokers 1 to `brokers`. Errors of librdkafka are raised as OSError."""

    def __init__(self, brokers: int = 3) -> None:
        self.brokers = brokers
        self._library = _library()
        reason = ctypes.create_string_buffer(512)
        conf = self._library.rd_kafka_conf_new()
        handle = self._library.rd_kafka_new(PRODUCER, ctypes.c_void_p(conf), reason, ctypes.c_size_t(512))
        if not handle:
            raise OSError(reason.value.decode())
        self._client = ctypes.c_void_p(handle)
        self._cluster = ctypes.c_void_p(self._library.rd_kafka_mock_cluster_new(self._client, brokers))

    @property
    def bootstrap(self) -> str:
        """`host:port,...` for clients."""
        return str(self._library.rd_kafka_mock_cluster_bootstraps(self._cluster).decode())

    def create(self, topic: str, partitions: int) -> None:
        """Make a topic with a copy on every broker."""
        self._do("topic_create", topic.encode(), partitions, self.brokers)

    def fail(self, api_key: int, errors: Sequence[int]) -> None:
        """Answer the next requests of a kind with these codes, in turn; 0 is no error. What was told before is forgotten."""
        self._library.rd_kafka_mock_clear_request_errors(self._cluster, ctypes.c_int16(api_key))
        array = (ctypes.c_int * len(errors))(*errors)
        push = self._library.rd_kafka_mock_push_request_errors_array
        push(self._cluster, ctypes.c_int16(api_key), ctypes.c_size_t(len(errors)), array)

    def set_down(self, broker: int) -> None:
        """Let a broker be gone."""
        self._do("broker_set_down", ctypes.c_int32(broker))

    def set_up(self, broker: int) -> None:
        """Let it be back."""
        self._do("broker_set_up", ctypes.c_int32(broker))

    def lead(self, topic: str, partition: int, broker: int) -> None:
        """Move a partition's leader."""
        self._do("partition_set_leader", topic.encode(), ctypes.c_int32(partition), ctypes.c_int32(broker))

    def coordinate(self, group: str, broker: int) -> None:
        """Move a group's coordinator."""
        self._do("coordinator_set", b"group", group.encode(), ctypes.c_int32(broker))

    def _do(self, name: str, *arguments: Any) -> None:
        code = getattr(self._library, f"rd_kafka_mock_{name}")(self._cluster, *arguments)
        if code:
            raise OSError(f"{name} gave {code}")

    def close(self) -> None:
        """Stop the brokers."""
        self._library.rd_kafka_mock_cluster_destroy(self._cluster)
        self._library.rd_kafka_destroy(self._client)


@contextlib.contextmanager
def mock_cluster(brokers: int = 3) -> Iterator[MockCluster]:
    """A mock cluster for the length of a block."""
    cluster = MockCluster(brokers)
    try:
        yield cluster
    finally:
        cluster.close()
