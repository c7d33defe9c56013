"""Small makers of what stage 1 hands to stage 2."""

import numpy as np

from detectors.facts import COLUMN, HISTOGRAMS, SUMS
from streams.block import Marker, RollupRows, Sealed

Row = tuple[bool, int, str, int]
"""late, window, tenant, attempts."""


def rollup_rows(rollup: tuple[str, ...], rows: list[Row]) -> RollupRows:
    """Rows of one roll-up, with attempts as the only sum."""
    scopes = sorted({(tenant,) if rollup else () for _, _, tenant, _ in rows})
    total: dict[tuple[bool, int, int], int] = {}
    for late, window, tenant, attempts in rows:
        key = (late, window, scopes.index((tenant,) if rollup else ()))
        total[key] = total.get(key, 0) + attempts
    keys = sorted(total)
    sums = np.zeros((len(keys), len(SUMS)), np.int64)
    sums[:, COLUMN["attempts"]] = [total[key] for key in keys]
    empty = np.zeros(0, np.int64)
    return RollupRows(
        rollup=rollup,
        scopes=scopes,
        scope=np.array([key[2] for key in keys], np.int64),
        window=np.array([key[1] for key in keys], np.int64),
        late=np.array([key[0] for key in keys], np.bool_),
        sums=sums,
        histograms=dict.fromkeys(HISTOGRAMS, (empty, empty, empty)),
    )


def sealed(partition: int, chunk: int | None, rows: list[Row], **marker: int | None) -> Sealed:
    """A block of one partition; `marker` gives previous_chunk, upto, watermark_ms, idle_at_ms, partitions."""
    defaults: dict[str, int | None] = {"previous_chunk": None, "upto": 1, "watermark_ms": None, "idle_at_ms": None, "partitions": 1}
    return Sealed(
        marker=Marker(partition=partition, chunk=chunk, parts=1, **{**defaults, **marker}),
        rollups={rollup: rollup_rows(rollup, rows) for rollup in ((), ("tenant",))},
    )
