"""Options that several commands share -> the settings that they mean."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from streams.errors import WrongUseError
from streams.settings import MECHANISMS, KafkaSettings, Security, TlsFiles

Command = TypeVar("Command", bound=Callable[..., Any])

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
KAFKA_OPTIONS = (
    click.option("--bootstrap", required=True, metavar="H:P[,H:P]", envvar="TIDEGATE_BOOTSTRAP", help="Addresses of Kafka."),
    click.option("--topic-prefix", default="", envvar="TIDEGATE_TOPIC_PREFIX", help="Stands before every topic and group."),
    click.option("--kafka-sasl-mechanism", type=click.Choice(MECHANISMS), envvar="TIDEGATE_KAFKA_SASL_MECHANISM"),
    click.option("--kafka-sasl-username", envvar="TIDEGATE_KAFKA_SASL_USERNAME"),
    click.option(
        "--kafka-sasl-password-file",
        type=_FILE,
        envvar="TIDEGATE_KAFKA_SASL_PASSWORD_FILE",
        help="Or TIDEGATE_KAFKA_SASL_PASSWORD.",
    ),
    click.option("--kafka-tls", is_flag=True, envvar="TIDEGATE_KAFKA_TLS", help="TLS with the system's authorities."),
    click.option("--kafka-tls-ca", type=_FILE, envvar="TIDEGATE_KAFKA_TLS_CA_FILE", help="PEM file; asks for TLS."),
    click.option("--kafka-tls-cert", type=_FILE, envvar="TIDEGATE_KAFKA_TLS_CERT_FILE", help="PEM file of the client."),
    click.option("--kafka-tls-key", type=_FILE, envvar="TIDEGATE_KAFKA_TLS_KEY_FILE", help="PEM file of the client."),
)
"""Which Kafka, and how to get in. Each is an environment variable too; a password is no option, since processes can be listed."""

_NAMES = (
    "bootstrap", "topic_prefix", "kafka_sasl_mechanism", "kafka_sasl_username", "kafka_sasl_password_file",
    "kafka_tls", "kafka_tls_ca", "kafka_tls_cert", "kafka_tls_key",
)  # fmt: skip


_URL = click.option(
    "--url", metavar="URL", envvar="TIDEGATE_URL", help="A worker's --http address.  [default: http://127.0.0.1:8085]"
)
_TOKEN = click.option("--token-env", default="TIDEGATE_TOKEN", show_default=True, help="The variable that holds the token.")
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


def service_options(command: Command) -> Command:
    """A decorator that gives a command the options of talking to a worker."""
    for option in (_JSON, _TOKEN, _URL):
        command = option(command)
    return command


def kafka_options(*, required: bool = True) -> Callable[[Command], Command]:
    """A decorator that gives a command the options of Kafka."""

    def decorate(command: Command) -> Command:
        for option in reversed(KAFKA_OPTIONS):
            command = option(command)
        if not required:
            for parameter in getattr(command, "__click_params__", ()):
                parameter.required = parameter.required and parameter.name != "bootstrap"
        return command

    return decorate


def take_kafka(values: dict[str, Any], environ: dict[str, str]) -> KafkaSettings | None:
    """Take Kafka's options out of `values`; None when no address was given.

    Raises:
        WrongUseError: when they do not go together.
    """
    given = {name: values.pop(name) for name in _NAMES}
    if not given["bootstrap"]:
        return None
    security = Security.of(
        mechanism=given["kafka_sasl_mechanism"],
        username=given["kafka_sasl_username"],
        password=_password(given["kafka_sasl_password_file"], environ),
        tls=given["kafka_tls"],
        files=TlsFiles(ca=given["kafka_tls_ca"], cert=given["kafka_tls_cert"], key=given["kafka_tls_key"]),
    )
    return KafkaSettings.of(bootstrap=given["bootstrap"], topic_prefix=given["topic_prefix"], security=security)


def _password(file: Path | None, environ: dict[str, str]) -> str | None:
    if file is None:
        return environ.get("TIDEGATE_KAFKA_SASL_PASSWORD")
    try:
        return file.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUseError(f"--kafka-sasl-password-file: {file} cannot be read") from error


def kafka_of_environment(bootstrap: str, environ: dict[str, str]) -> KafkaSettings:
    """The settings that TIDEGATE_KAFKA_... variables mean, for an address that was given otherwise.

    Raises:
        WrongUseError: when they do not go together.
    """
    files = {name: Path(path) for name in ("ca", "cert", "key") if (path := environ.get(f"TIDEGATE_KAFKA_TLS_{name.upper()}_FILE"))}
    password_file = environ.get("TIDEGATE_KAFKA_SASL_PASSWORD_FILE")
    security = Security.of(
        mechanism=environ.get("TIDEGATE_KAFKA_SASL_MECHANISM"),
        username=environ.get("TIDEGATE_KAFKA_SASL_USERNAME"),
        password=_password(Path(password_file) if password_file else None, environ),
        tls=environ.get("TIDEGATE_KAFKA_TLS", "").lower() in {"1", "true", "yes", "on"},
        files=TlsFiles(**files),
    )
    return KafkaSettings.of(bootstrap=bootstrap, security=security)
