"""Stage 1 against the checked model of engine.md: one integer a scope, everything else as the page says."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.streams.records import T0, fed, partition, record, totals

WINDOW, GRACE = 10_000, 5_000


@dataclass
class Model:
    """The model's state of one source partition."""

    offset: int = 0
    clock: int | None = None
    chunk: int | None = None
    facts: dict[tuple[bool, int, str], int] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)

    def feed(self, arrival: int, at: int, event: str, scope: str, value: int) -> Iterator[tuple[int, int, int, object]]:
        clock = min(at, arrival) if self.clock is None else max(self.clock, min(at, arrival))
        before = None if self.clock is None else self.clock - GRACE
        late = before is not None and (at // WINDOW + 1) * WINDOW <= before
        chunk = (clock - GRACE) // WINDOW
        if self.chunk is None:
            self.chunk = chunk
        if chunk != self.chunk:
            yield self.chunk, self.offset, chunk * WINDOW, dict(self.facts)
            self.chunk, self.facts = chunk, {}
        self.clock, self.offset = clock, self.offset + 1
        if event not in self.seen:
            self.seen.add(event)
            key = (late, at // WINDOW, scope)
            self.facts[key] = self.facts.get(key, 0) + value


ENTRY = st.tuples(
    st.integers(0, 9_000), st.integers(-60_000, 55_000), st.integers(0, 30), st.sampled_from("abcd"), st.integers(1, 99)
)


@settings(deadline=None, max_examples=150)
@given(st.lists(ENTRY, min_size=1, max_size=60), st.sets(st.integers(1, 60)))
def test_stage_1_seals_what_the_checked_model_seals(entries: list[tuple[int, int, int, str, int]], cuts: set[int]) -> None:
    model, expected, log, now = Model(), [], [], T0
    for step, ahead, event, scope, value in entries:
        now += step
        expected += model.feed(now, now + ahead, f"e{event}", scope, value)
        log.append((record(f"e{event}", ts=now + ahead, tenant=scope, input_tokens=value), now))
    found = [
        (
            block.marker.chunk,
            block.marker.upto,
            block.marker.watermark_ms,
            {
                (late, window, values[0]): sums["input_tokens"]
                for (late, window, values), sums in totals([block], ("tenant",)).items()
            },
        )
        for block in fed(partition(), log, cuts)
    ]
    assert found == expected
