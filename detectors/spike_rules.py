"""Evidence -> a warning or a page: the speeds and thresholds of the spike detectors, and what they were measured to do.

A busy row (0.3 requests/s and more) earns a warning by `quick` or by an early `slow`, and a page by `fast`, `steady` or `slow`. A
row of 0.01 to 0.3 requests/s pages by `quick` alone. `fast` needs two windows at least, `steady` and `slow` five and ten minutes: a
benign burst is over by then.

Measured on simulated tenants of about 1.5 requests/s after 3 hours of history (daily wave 1:3, noise of sd 0.25 and half-life 10
min, a benign 2x burst of 5 min 4 times a day, lognormal tokens with 1 % of 20 times the size), 30 faults of 20 min each; seconds
from the fault's start to the end of the window and 5 s of grace, median / 95 %:

    fault            warning             page
    10x requests     25 / 35   (100 %)   35 / 65   (100 %)
    5x requests      65 / 390  (100 %)   390 / -   (87 %)
    10x tokens each  50 / 95   (100 %)   70 / 130  (100 %; answers of 10 times the tokens take 30 s longer to end)
    5x tokens each   65 / 116  (100 %)   95 / 200  (100 %)

On 73 clean tenant-days of such traffic (wave 1:3 and 1:4) there was no page, and a warning for 3 tenants. With bursts of 15 min,
6 a day, there was 1 page in 36 tenant-days: such a burst on a rising morning is not to be told from a fault.
"""

from detectors.ecusum import Speed

QUICK, FAST, STEADY, SLOW = range(4)
SPEEDS = (
    Speed(name="quick", delta=1.5, threshold=19.4, step=19.4),
    Speed(name="fast", delta=2.5, threshold=40.0, step=20.0, dated=False),
    Speed(name="steady", delta=1.5, threshold=100.0, step=3.2, dated=False),
    Speed(name="slow", delta=1.0, threshold=200.0, step=3.2),
)
SLOW_WARNS = 64.0
"""Nats of `slow` that make a warning."""
BUSY_PER_S = 0.3
MEDIUM_PER_S = 0.01
"""Requests a second below which no rate is judged: no method can in minutes."""

SIZE_DELTA = 0.75
SIZE_WARNS, SIZE_PAGES = 21.0, 32.0
"""Nats of the size channel; a window adds at most half of a page."""

RATE_LASTS, SIZE_LASTS = 1.75, 1.5
"""An alarm lasts while the short memory is above this many times the expectation."""
SUSPECTS = 5.0
SUSPECT_MS = 1_800_000
"""Nothing is learnt while `slow` has this many nats, for at most half an hour: a spike must not become its own baseline before it
is found. Without it 90 % instead of 98 % of the 5x spikes were."""
WARNING_FREEZE_MS = 7_200_000
PAGE_FREEZE_MS = 86_400_000
"""After this long an alarm's level is the new level."""

READY_WINDOWS, READY_REQUESTS = 30, 30
"""Below either a row is not judged at all."""
COLD_WINDOWS, COLD_REQUESTS = 360, 50
COLD_SLACK = 2.0
"""Below either it is judged against twice its level (a delta of 4 for `quick`), and its sizes not at all."""
