"""Options and environment -> one frozen struct of settings for a run, checked before anything is started."""

import enum
import ipaddress
import re
from dataclasses import dataclass, field
from pathlib import Path

from streams.errors import WrongUseError

DEFAULT_HTTP = "127.0.0.1:8085"
_HOST_PORT = re.compile(r"^(\[[0-9a-fA-F:]+\]|[^:\s/]+):(\d{1,5})$")
_PREFIX = re.compile(r"^[a-zA-Z0-9._-]{0,100}$")
MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")


class Role(enum.StrEnum):
    """What a worker does; design section 3."""

    INGEST = "ingest"
    DETECT = "detect"
    ACT = "act"


class Clock(enum.StrEnum):
    """What `now` is: the wall clock, or the largest arrival that was read."""

    WALL = "wall"
    STREAM = "stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A host and a TCP port."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str, *, option: str) -> "Address":
        """The address of `host:port` or `[v6]:port`.

        Raises:
            WrongUseError: when the text is none; `option` is named.

        >>> Address.parse("127.0.0.1:8085", option="--http").port
        8085
        """
        found = _HOST_PORT.match(text.strip())
        if not found or int(found[2]) > 65_535:
            raise WrongUseError(f"{option}: {text!r} is not HOST:PORT")
        return cls(host=found[1].strip("[]"), port=int(found[2]))

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Security:
    """How to prove to Kafka who we are, and how to know that it is Kafka. Without a mechanism and TLS: plain text."""

    mechanism: str | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: bool = False
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None

    @classmethod
    def of(cls, *, mechanism: str | None, username: str | None, password: str | None, tls: bool, files: "TlsFiles") -> "Security":
        """Checked settings; a TLS file asks for TLS.

        Raises:
            WrongUseError: when parts of it do not go together.
        """
        if mechanism is not None and mechanism not in MECHANISMS:
            raise WrongUseError(f"--kafka-sasl-mechanism: {mechanism!r} is none of {', '.join(MECHANISMS)}")
        if mechanism and not (username and password):
            raise WrongUseError(
                "--kafka-sasl-mechanism needs --kafka-sasl-username and a password (TIDEGATE_KAFKA_SASL_PASSWORD or a file)"
            )
        if mechanism is None and (username or password):
            raise WrongUseError("a Kafka user name or password needs --kafka-sasl-mechanism")
        if (files.cert is None) != (files.key is None):
            raise WrongUseError("--kafka-tls-cert and --kafka-tls-key go together")
        return cls(
            mechanism=mechanism,
            username=username,
            password=password,
            tls=tls or files.ca is not None or files.cert is not None,
            ca_file=files.ca,
            cert_file=files.cert,
            key_file=files.key,
        )

    @property
    def protocol(self) -> str:
        """The name that Kafka has for it."""
        return ("SASL_" if self.mechanism else "") + ("SSL" if self.tls else "PLAINTEXT")


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFiles:
    """Paths of PEM files."""

    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaSettings:
    """Which Kafka, and how our topics are called there."""

    bootstrap: tuple[str, ...]
    topic_prefix: str = ""
    security: Security = field(default_factory=Security)

    @classmethod
    def of(cls, *, bootstrap: str, topic_prefix: str = "", security: Security | None = None) -> "KafkaSettings":
        """Checked settings of `host:port[,host:port]`.

        Raises:
            WrongUseError: when a part is no address, or the prefix cannot stand in a topic's name.
        """
        servers = tuple(str(Address.parse(each, option="--bootstrap")) for each in bootstrap.split(",") if each.strip())
        if not servers:
            raise WrongUseError("--bootstrap: no address given")
        if not _PREFIX.match(topic_prefix):
            raise WrongUseError("--topic-prefix: only letters, digits, dot, dash and underscore may stand in it")
        return cls(bootstrap=servers, topic_prefix=topic_prefix, security=security or Security())


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All that `tidegate run` is told; policy is read apart.

    Attributes:
        worker_id: unique name of this worker, for static membership; None joins dynamically.
        until_end: read to the end offsets found at the start, close all windows, write `out`, and stop.
        api_token_env: name of the variable that holds the token for changes over HTTP.
    """

    kafka: KafkaSettings
    policy: Path | None = None
    http: Address
    roles: frozenset[Role] = frozenset(Role)
    worker_id: str | None = None
    clock: Clock = Clock.WALL
    until_end: bool = False
    out: Path | None = None

    def __post_init__(self) -> None:
        """Refuse what does not go together."""
        if self.until_end and self.out is None:
            raise WrongUseError("--until-end needs --out DIR")
        if self.out is not None and not self.until_end:
            raise WrongUseError("--out needs --until-end")


def roles_of(text: str) -> frozenset[Role]:
    """The roles of `all` or of a list with commas.

    Raises:
        WrongUseError: when one is unknown.

    >>> sorted(roles_of("detect,act"))
    [<Role.ACT: 'act'>, <Role.DETECT: 'detect'>]
    """
    if text == "all":
        return frozenset(Role)
    try:
        return frozenset(Role(each.strip()) for each in text.split(","))
    except ValueError as error:
        raise WrongUseError(f"--role: {text!r} is not ingest, detect, act or all") from error
