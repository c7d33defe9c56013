"""What a peer writes -> the sums of each tenant and window, compared with a recount of the records."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

WINDOW_MS = 10_000
NANOS_PER_TOKEN = 2_500

Window = tuple[str, int]
"""A tenant, and the start of a window in epoch milliseconds."""
Sums = tuple[int, ...]
"""Records, tokens, nano-dollars at a flat price, retries."""
Reader = Callable[[bytes, Any], tuple[Window, Sums]]
"""Key and value, as JSON, of a record that a peer wrote -> whose sums they are."""


class Counted(msgspec.Struct):
    """The fields of a usage record that are counted."""

    ts: int
    tenant: str
    input_tokens: int
    output_tokens: int
    attempt: int = 1


class Recount:
    """Sums up records one by one, as a peer should; what they are compared with."""

    def __init__(self) -> None:
        self.records = 0
        self.last_ms = 0
        self.windows: dict[Window, list[int]] = {}
        self._decoder = msgspec.json.Decoder(Counted)

    def take(self, values: Iterable[bytes]) -> None:
        """Count records."""
        for value in values:
            usage = self._decoder.decode(value)
            sums = self.windows.setdefault((usage.tenant, usage.ts // WINDOW_MS * WINDOW_MS), [0, 0, 0, 0])
            tokens = usage.input_tokens + usage.output_tokens
            for at, more in enumerate((1, tokens, tokens * NANOS_PER_TOKEN, int(usage.attempt > 1))):
                sums[at] += more
            self.records += 1
            self.last_ms = max(self.last_ms, usage.ts)

    @property
    def sums(self) -> Mapping[Window, Sums]:
        """By tenant and window."""
        return {window: tuple(sums) for window, sums in self.windows.items()}


class Answer:
    """The newest sums of each window that was expected; of windows behind the last record's nothing is asked."""

    def __init__(self, expected: Mapping[Window, Sums], read: Reader) -> None:
        self._expected = expected
        self._read = read
        self._found: dict[Window, Sums] = {}
        self._counted = 0
        self._records = sum(sums[0] for sums in expected.values())

    def take(self, key: bytes, value: bytes | None) -> None:
        """Take a record that the peer wrote; one without a value takes nothing back."""
        if value is None:
            return
        window, sums = self._read(key, json.loads(value))
        if window in self._expected:
            self._counted += sums[0] - self._found.get(window, (0,))[0]
            self._found[window] = sums

    @property
    def complete(self) -> bool:
        """Whether as many records were counted as there are."""
        return self._counted >= self._records

    @property
    def wrong(self) -> str:
        """What differs, for people; empty when nothing does."""
        wrong = [window for window, sums in self._expected.items() if self._found.get(window) != sums]
        if not wrong:
            return ""
        first = wrong[0]
        return (
            f"{len(wrong)} of {len(self._expected)} windows are wrong, {self._counted:,} of {self._records:,} records counted; "
            f"{first}: {self._found.get(first)}, not {self._expected[first]}"
        )


def plain(_key: bytes, value: Any) -> tuple[Window, Sums]:
    """`{"tenant", "start", "value": [...]}`."""
    return (value["tenant"], int(value["start"])), tuple(map(int, value["value"]))


def by_key(key: bytes, value: Any) -> tuple[Window, Sums]:
    """`{"start", "value"}` under the tenant as key, as Quix Streams writes windows."""
    return (key.decode(), int(value["start"])), tuple(value["value"])


def windowed_table(key: bytes, value: Any) -> tuple[Window, Sums]:
    """The changelog of a windowed table of Faust: the key has the window in seconds."""
    tenant, (start_s, _) = json.loads(key)
    return (tenant, round(start_s * 1000)), tuple(value)


def joined_key(key: bytes, value: Any) -> tuple[Window, Sums]:
    """The changelog of a table of Faust whose keys are `tenant|start`."""
    tenant, _, start = json.loads(key).rpartition("|")
    return (tenant, int(start)), tuple(value)
