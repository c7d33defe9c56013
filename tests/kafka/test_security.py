"""A Kafka that wants TLS and a password: every client of ours gets in, and a wrong password is one clear line."""

import json
import subprocess

import pytest

from tests.kafka.broker import Plan, free_ports, running
from tests.kafka.service import service_on
from tests.kafka.traffic import traffic

JAAS = (
    'org.apache.kafka.common.security.plain.PlainLoginModule required username="tidegate" password="sesame" user_tidegate="sesame";'
)


class Guarded(Plan):
    """A broker with a second listener that speaks SASL over TLS."""

    def properties(self, number, ports, data):
        known = super().properties(number, ports, data)
        return {
            **known,
            "listeners": f"{known['listeners']},SAFE://127.0.0.1:{GUARDED_PORT}",
            "advertised.listeners": f"{known['advertised.listeners']},SAFE://127.0.0.1:{GUARDED_PORT}",
            "listener.security.protocol.map": f"{known['listener.security.protocol.map']},SAFE:SASL_SSL",
            "sasl.enabled.mechanisms": "PLAIN",
            "listener.name.safe.plain.sasl.jaas.config": JAAS,
            "ssl.keystore.location": str(data / "broker.p12"),
            "ssl.keystore.password": "changeit",
            "ssl.keystore.type": "PKCS12",
        }


GUARDED_PORT = free_ports(1)[0]


def certificate(data):
    """A key pair that is its own authority, and its PEM file."""
    store = ["-alias", "broker", "-storetype", "PKCS12", "-keystore", str(data / "broker.p12"), "-storepass", "changeit"]
    name = ["-dname", "CN=127.0.0.1", "-ext", "san=ip:127.0.0.1", "-keyalg", "EC", "-validity", "30"]
    subprocess.run(["keytool", "-genkeypair", *store, *name], check=True, capture_output=True)
    subprocess.run(["keytool", "-exportcert", "-rfc", *store, "-file", str(data / "ca.pem")], check=True, capture_output=True)
    return data / "ca.pem"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    data = tmp_path_factory.mktemp("guarded")
    ca = certificate(data)
    with running(Guarded(), data) as cluster, service_on(cluster.bootstrap, "", data) as service:
        service.produce(traffic(minutes=2, per_second=10, seed=1), 2)
        yield service, ca


def options(ca):
    return ["--bootstrap", f"127.0.0.1:{GUARDED_PORT}", "--kafka-tls-ca", str(ca), "--kafka-sasl-mechanism", "PLAIN"]


def test_all_stages_get_in_with_tls_and_a_password(guarded, tmp_path):
    service, ca = guarded
    user = {"TIDEGATE_KAFKA_SASL_USERNAME": "tidegate", "TIDEGATE_KAFKA_SASL_PASSWORD": "sesame"}
    run = ["run", *options(ca), "--http", "127.0.0.1:0", "--until-end", "--out", str(tmp_path)]
    done = service.tidegate(*run, **user)
    assert done.returncode == 0, done.stderr
    assert "sesame" not in done.stderr + done.stdout
    assert json.loads((tmp_path / "summary.json").read_text())["usage_records"] > 1_000


def test_a_wrong_password_is_one_clear_line(guarded, tmp_path):
    service, ca = guarded
    file = tmp_path / "password"
    file.write_text("wrong\n")
    user = {"TIDEGATE_KAFKA_SASL_USERNAME": "tidegate", "TIDEGATE_KAFKA_SASL_PASSWORD_FILE": str(file)}
    done = service.tidegate("run", *options(ca), "--http", "127.0.0.1:0", **user)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("tidegate: Kafka at 127.0.0.1:")
    assert "Traceback" not in done.stderr


def test_a_broker_that_is_not_there_is_one_clear_line(guarded):
    service, _ = guarded
    done = service.tidegate("run", "--bootstrap", "127.0.0.1:1", "--http", "127.0.0.1:0")
    assert done.returncode == 2
    assert "Kafka at 127.0.0.1:1" in done.stderr.splitlines()[-1]
