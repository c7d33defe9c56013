from pathlib import Path

import pytest

from streams.errors import WrongUseError
from streams.settings import Address, KafkaSettings, Role, Security, Settings, TlsFiles, roles_of

HERE = Address(host="127.0.0.1", port=0)
KAFKA = KafkaSettings.of(bootstrap="127.0.0.1:9092")


@pytest.mark.parametrize("text", ["", "host", "host:", ":9092", "host:99999", "http://host:1", "a b:1"])
def test_what_is_no_address_is_refused_with_the_name_of_its_option(text):
    with pytest.raises(WrongUseError, match="--http"):
        Address.parse(text, option="--http")


@pytest.mark.parametrize(
    ("text", "loopback"), [("127.0.0.1:1", True), ("[::1]:1", True), ("localhost:1", True), ("10.0.0.1:1", False)]
)
def test_loopback_is_told_from_the_rest(text, loopback):
    assert Address.parse(text, option="x").loopback is loopback


def test_several_brokers_are_taken_and_blanks_are_not():
    assert KafkaSettings.of(bootstrap="a:1, [::1]:2").bootstrap == ("a:1", "[::1]:2")
    with pytest.raises(WrongUseError):
        KafkaSettings.of(bootstrap=" , ")


def test_a_prefix_that_no_topic_could_have_is_refused():
    with pytest.raises(WrongUseError, match="topic-prefix"):
        KafkaSettings.of(bootstrap="a:1", topic_prefix="a/b")


def security(**given):
    fields = {"mechanism": None, "username": None, "password": None, "tls": False, "files": TlsFiles()}
    return Security.of(**{**fields, **given})


@pytest.mark.parametrize(
    ("given", "protocol"),
    [
        ({}, "PLAINTEXT"),
        ({"tls": True}, "SSL"),
        ({"files": TlsFiles(ca=Path("ca.pem"))}, "SSL"),
        ({"mechanism": "PLAIN", "username": "u", "password": "p"}, "SASL_PLAINTEXT"),
        ({"mechanism": "SCRAM-SHA-512", "username": "u", "password": "p", "tls": True}, "SASL_SSL"),
    ],
)
def test_the_protocol_follows_from_what_is_given(given, protocol):
    assert security(**given).protocol == protocol


@pytest.mark.parametrize(
    "given",
    [
        {"mechanism": "GSSAPI", "username": "u", "password": "p"},
        {"mechanism": "PLAIN", "username": "u"},
        {"username": "u"},
        {"files": TlsFiles(cert=Path("c.pem"))},
    ],
    ids=["unknown mechanism", "no password", "no mechanism", "certificate without key"],
)
def test_parts_of_security_that_do_not_go_together_are_refused(given):
    with pytest.raises(WrongUseError):
        security(**given)


def test_a_password_is_never_shown():
    assert "sesame" not in repr(security(mechanism="PLAIN", username="u", password="sesame"))


def test_all_roles_or_a_list_of_them():
    assert roles_of("all") == frozenset(Role)
    assert roles_of("act, detect") == {Role.ACT, Role.DETECT}
    with pytest.raises(WrongUseError):
        roles_of("acting")


@pytest.mark.parametrize("given", [{"until_end": True}, {"out": Path("x")}], ids=["no folder", "no end"])
def test_until_end_and_out_go_together(given):
    with pytest.raises(WrongUseError):
        Settings(kafka=KAFKA, http=HERE, **given)
