"""A scope keeps working and stops talking: its requests leave no record."""

from typing import Literal

from streams.labels import Kind
from streams.simulate.faults.base import Fault


class TelemetrySilence(Fault):
    """A sender that died, or a topic that lost its producer. `{}` silences everybody."""

    kind: Literal["telemetry_silence"]

    @property
    def label_kind(self) -> Kind:
        """Its own detector."""
        return "telemetry_silence"

    @property
    def also(self) -> tuple[Kind, ...]:
        """What comes without its tags is another view of it."""
        return ("tag_coverage",)
