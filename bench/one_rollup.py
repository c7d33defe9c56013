"""The service itself, told to make one roll-up, by tenant, and to judge nothing -> what stream engines are asked for, and no more.

    python -m bench.one_rollup BOOTSTRAP PREFIX OUT HOST:PORT

Everything else is that of `tidegate run --until-end`: dedupe, prices, blocks, merged windows, snapshots, commits, the summary.
"""

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

from actions.policy import policy_of
from detectors import DETECTORS
from detectors.null import Null
from streams.allocation import give_back, pass_over_what_stays
from streams.logs import set_up_logs
from streams.pipeline import Plan
from streams.settings import Address, KafkaSettings, Settings
from streams.worker.worker import Worker

ROLLUPS = ((), ("tenant",))


def one_rollup() -> Plan:
    """The plan: no detector, and no roll-up but that by tenant and the whole, which every plan has."""
    policy = policy_of({"version": 1, "detectors": {name: {"enabled": False} for name in DETECTORS if name != Null.name}})
    return replace(Plan.of(policy), rollups=ROLLUPS)


def main() -> int:
    """Run to the end of the topic."""
    bootstrap, prefix, out, http = sys.argv[1:5]
    settings = Settings(
        kafka=KafkaSettings.of(bootstrap=bootstrap, topic_prefix=prefix),
        http=Address.parse(http, option="HOST:PORT"),
        until_end=True,
        out=Path(out),
    )
    set_up_logs("warning")
    give_back()
    pass_over_what_stays()
    asyncio.run(Worker(settings, one_rollup()).run())
    return 0


if __name__ == "__main__":
    sys.exit(main())
