"""Environment variables of the apache/kafka image -> properties of a broker on loopback: the image's rule, without the image."""

import re
from collections.abc import Mapping
from pathlib import Path

from tests.kafka.broker import Cluster, Node, Plan, format_storage, free_ports, run, write_properties

MARKS = {"___": "-", "__": "_", "_": "."}


def properties_of(environment: Mapping[str, str]) -> dict[str, str]:
    """`KAFKA_NODE_ID` is `node.id`: "." is written "_", "_" is "__" and "-" is "___"."""
    names = {name: name.removeprefix("KAFKA_") for name in environment if name.startswith("KAFKA_")}
    return {re.sub("_{1,3}", lambda mark: MARKS[mark[0]], short).lower(): environment[name] for name, short in names.items()}


def on_loopback(text: str, ports: Mapping[str, int]) -> str:
    """The same listeners on free ports of loopback, whatever host they were for."""
    return re.sub(r"(://|@)[a-z]*:(\d+)", lambda place: f"{place[1]}127.0.0.1:{ports[place[2]]}", text)


def start(environment: Mapping[str, str], data: Path) -> Cluster:
    """Start one broker as the image would with these variables; clients on this machine find it at the listener HOST."""
    taken = properties_of(environment)
    found = sorted(set(re.findall(r":(\d+)", taken["listeners"])))
    ports = dict(zip(found, free_ports(len(found)), strict=True))
    client = re.search(r"HOST://[^,]*:(\d+)", taken["listeners"])
    assert client
    moved = {key: on_loopback(value, ports) for key, value in taken.items()} | {"log.dirs": str(data / "log")}
    node = Node(number=1, port=ports[client[1]], properties=data / "node-1.properties", java=Plan().java())
    write_properties(node.properties, moved)
    format_storage(node.java, node.properties, environment["CLUSTER_ID"])
    return run(Cluster(nodes=[node], data=data))
