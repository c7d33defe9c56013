"""Jars -> a running Apache Kafka (KRaft, combined roles) on free loopback ports, for tests, benches and developers.

    python -m tests.kafka.broker [--brokers 1|3] [--full-speed] [--heap 1g] [--set key=value ...] [--data DIR]

prints `ready BOOTSTRAP SECONDS` once all brokers know each other, and stops them on Ctrl-C or SIGTERM. Needs Java 17 and Maven.
"""

import base64
import contextlib
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import click

from tests.kafka.jars import kafka_jars

JVM = ("-XX:+UseSerialGC", "-Xshare:auto", "-Djava.awt.headless=true", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn")
QUICK_START = "-XX:TieredStopAtLevel=1"  # halves the start, and the speed afterwards: not for benchmarks


def free_ports(count: int) -> list[int]:
    """Loopback ports that were free a moment ago; all different, since they are held open together."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def known_brokers(port: int) -> int:
    """How many brokers the one on `port` knows, by a Metadata request (version 1, no topics); 0 when it does not answer."""
    request = struct.pack(">hhih5si", 3, 1, 1, 5, b"probe", 0)
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(struct.pack(">i", len(request)) + request)
            answer = connection.recv(12)
    except OSError:
        return 0
    return struct.unpack(">iii", answer)[2] if len(answer) == 12 else 0


@dataclass(slots=True, kw_only=True)
class Node:
    """One broker: its files, its port, and its process while it runs."""

    number: int
    port: int
    properties: Path
    java: list[str]
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process over the data that is there; it answers some seconds later."""
        with self.properties.with_suffix(".log").open("ab") as log:
            self.process = subprocess.Popen([*self.java, "kafka.Kafka", str(self.properties)], stdout=log, stderr=log)

    def kill(self) -> None:
        """End the process at once, as a power cut would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def stop(self) -> None:
        """End the process in order, and at once when that takes more than 20 s."""
        if self.process is not None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(20)
            self.kill()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Running brokers. `nodes` may be killed and started again over the same data."""

    nodes: list[Node]
    data: Path

    @property
    def bootstrap(self) -> str:
        """`host:port,...` for clients."""
        return ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)

    def wait_until_ready(self, *, timeout_s: float = 90) -> None:
        """Return when every broker knows all others.

        Raises:
            RuntimeError: when one has ended, or time is up; the message names the log.
        """
        deadline = time.monotonic() + timeout_s
        while any(known_brokers(node.port) < len(self.nodes) for node in self.nodes):
            ended = any(node.process is None or node.process.poll() is not None for node in self.nodes)
            if ended or time.monotonic() > deadline:
                raise RuntimeError(f"Kafka does not start, see {self.data}/node-*.log")
            time.sleep(0.1)

    def stop(self) -> None:
        """Stop all brokers."""
        for node in self.nodes:
            node.stop()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What cluster to start. `extra` properties win over those that the plan makes."""

    brokers: int = 1
    heap: str = "256m"
    full_speed: bool = False
    extra: Mapping[str, str] = field(default_factory=dict)

    def java(self) -> list[str]:
        """The command line up to the class to run; the process ends when whoever started it does."""
        guard = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
        quick = [] if self.full_speed else [QUICK_START]
        return [*guard, "java", f"-Xmx{self.heap}", *JVM, *quick, "-cp", f"{kafka_jars()}/*"]

    def properties(self, number: int, ports: list[int], data: Path) -> dict[str, str]:
        """server.properties of one node; `ports` holds the brokers' ports, then the controllers'."""
        controllers = ports[self.brokers :]
        safe = str(min(2, self.brokers))
        return {
            "process.roles": "broker,controller",
            "node.id": str(number),
            "controller.quorum.voters": ",".join(f"{n}@127.0.0.1:{port}" for n, port in enumerate(controllers, 1)),
            "listeners": f"PLAINTEXT://127.0.0.1:{ports[number - 1]},CONTROLLER://127.0.0.1:{controllers[number - 1]}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{ports[number - 1]}",
            "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "log.dirs": str(data / f"node-{number}"),
            "offsets.topic.replication.factor": str(self.brokers),
            "offsets.topic.num.partitions": "4",
            "transaction.state.log.replication.factor": str(self.brokers),
            "transaction.state.log.num.partitions": "4",
            "transaction.state.log.min.isr": safe,
            "share.coordinator.state.topic.replication.factor": str(self.brokers),
            "share.coordinator.state.topic.min.isr": safe,
            "group.initial.rebalance.delay.ms": "0",
            "auto.create.topics.enable": "false",  # a misspelt topic is an error
            "log.cleaner.dedupe.buffer.size": "16777216",
            "log.retention.ms": "-1",  # recorded streams are months old, and would be deleted under a test
            **self.extra,
        }

    def start(self, data: Path) -> Cluster:
        """Format fresh storage under `data`, start the brokers and wait until they are ready."""
        ports = free_ports(2 * self.brokers)
        cluster_id = fresh_cluster_id()
        java = self.java()
        nodes = []
        for number in range(1, self.brokers + 1):
            properties = data / f"node-{number}.properties"
            write_properties(properties, self.properties(number, ports, data))
            format_storage(java, properties, cluster_id)
            nodes.append(Node(number=number, port=ports[number - 1], properties=properties, java=java))
        return run(Cluster(nodes=nodes, data=data))


def fresh_cluster_id() -> str:
    """22 characters of base64, as Kafka wants them, none of which makes the storage tool take it for an option."""
    return base64.b64encode(uuid.uuid4().bytes, altchars=b"__")[:22].decode()


def write_properties(path: Path, properties: Mapping[str, str]) -> None:
    """Write a Java properties file."""
    path.write_text("".join(f"{key}={value}\n" for key, value in properties.items()))


def format_storage(java: list[str], properties: Path, cluster_id: str) -> None:
    """Make a node's empty log folder one that KRaft accepts."""
    tool = [*java, "kafka.tools.StorageTool", "format", "-t", cluster_id, "-c", str(properties)]
    subprocess.run(tool, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def run(cluster: Cluster) -> Cluster:
    """Start all nodes of a formatted cluster and wait; on failure nothing is left running."""
    try:
        for node in cluster.nodes:
            node.start()
        cluster.wait_until_ready()
    except BaseException:
        cluster.stop()
        raise
    return cluster


@contextlib.contextmanager
def running(plan: Plan, data: Path) -> Iterator[Cluster]:
    """A cluster for the length of a `with` block."""
    cluster = plan.start(data)
    try:
        yield cluster
    finally:
        cluster.stop()


def interrupt(_signal: int, _frame: FrameType | None) -> None:
    """SIGTERM ends the program in order, as Ctrl-C does."""
    raise KeyboardInterrupt


@click.command(help=__doc__)
@click.option("--brokers", type=click.IntRange(1, 3), default=1)
@click.option("--heap", default="256m")
@click.option("--full-speed", is_flag=True, help="For benchmarks: slower start, full speed.")
@click.option("--set", "extra", multiple=True, metavar="KEY=VALUE")
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="Kept afterwards; a temporary folder otherwise.")
def command(brokers: int, heap: str, full_speed: bool, extra: tuple[str, ...], data: Path | None) -> None:
    plan = Plan(brokers=brokers, heap=heap, full_speed=full_speed, extra=dict(item.split("=", 1) for item in extra))
    signal.signal(signal.SIGTERM, interrupt)
    started = time.monotonic()
    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.suppress(KeyboardInterrupt))
        folder = data or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tidegate-kafka-")))
        folder.mkdir(parents=True, exist_ok=True)
        cluster = stack.enter_context(running(plan, folder))
        click.echo(f"ready {cluster.bootstrap} {time.monotonic() - started:.1f}")
        signal.pause()


if __name__ == "__main__":
    command()
