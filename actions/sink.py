"""An effect that is due -> what its receiver says. The contract that every receiver's code keeps."""

import enum
from typing import Protocol

import msgspec

from actions.decision import Decision
from actions.secret import Secret


class Word(enum.StrEnum):
    """The receiver's last word on an effect."""

    ACCEPTED = "accepted"  # it is there
    REFUSED = "refused"  # it is not, and will not be: never try again
    AGAIN = "again"  # it is not there: try again
    UNKNOWN = "unknown"  # it may be there: ask, or repeat under the same key


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a call.

    Attributes:
        detail: for the receipt; at most a few hundred characters, and no secret.
        retry_after_s: what the receiver asked for.
        attempted: False when nothing was sent, as a rate limit of ours wants it.
    """

    word: Word
    detail: str
    retry_after_s: float | None = None
    attempted: bool = True


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """Where a receiver is, as the policy says it, and the key that proves us to it."""

    name: str
    url: str
    key: Secret
    allow_insecure: bool = False


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """A decision at the moment that it is performed.

    Attributes:
        fence: offset of the claim it is performed under; a receiver refuses a lower one than it has seen.
        at_ms: wall clock of this attempt.
    """

    decision: Decision
    fence: int
    at_ms: int


class Sink(Protocol):
    """A receiver of effects. The key of an effect is its decision's id, or the dedup key where the receiver has such.

    Attributes:
        repeatable: a second `send` of the same effect changes nothing, whatever became of the first.
    """

    @property
    def name(self) -> str:
        """As in the policy."""
        ...

    @property
    def repeatable(self) -> bool:
        """Whether the receiver knows an effect by its key."""
        ...

    async def send(self, effect: Effect) -> Answer:
        """Try once, within the deadline. Never raises for what the receiver does."""
        ...

    async def ask(self, effect: Effect) -> Answer | None:
        """Whether the effect is there: ACCEPTED, or AGAIN when it is not, UNKNOWN without an answer; None: cannot be asked."""
        ...
