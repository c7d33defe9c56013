"""A peer's command line, and where it writes -> the process runs until its answer is there; what that took.

A peer is a service and knows no end: its output topic is read until all windows that can be closed are there, then the process is
ended. What stopping costs therefore counts for nobody, and what starting costs goes away in the difference of two lengths.
"""

import asyncio
import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from typing import BinaryIO

from bench.child import ROOT, ChildError, Ran, guard, peak_mb
from bench.peers.answer import Answer
from bench.peers.telemetry import PARTITIONS
from streams.log.kafka import Kafka, TopicPartition

POLL_MS = 50


def served(kafka: Kafka, command: Sequence[str], *, output: str, answer: Answer, timeout_s: float = 900.0) -> Ran:
    """Run a peer until its answer is complete; `output` is the topic that it writes to.

    Raises:
        ChildError: when the answer is wrong, the process ends before it, or time is up; the message holds the end of what it said.
    """
    with tempfile.TemporaryFile() as said:
        began_s = time.perf_counter()
        process = subprocess.Popen([*guard(), *command], stdout=said, stderr=subprocess.STDOUT, cwd=ROOT)
        try:
            resident_mb = asyncio.run(_watch(process.pid, kafka, output, answer, timeout_s))
        finally:
            wall_s = time.perf_counter() - began_s
            process.kill()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if answer.wrong:
            raise ChildError(f"{' '.join(command)}, after {wall_s:.0f} s: {answer.wrong}\n{_end(said)}")
    return Ran("", wall_s, usage.ru_utime + usage.ru_stime, resident_mb)


async def _watch(pid: int, kafka: Kafka, output: str, answer: Answer, timeout_s: float) -> float:
    """Read the output until the answer is complete, the process has ended, or time is up; the most memory that it had."""
    resident_mb, ends_s = 0.0, time.perf_counter() + timeout_s
    partitions = [TopicPartition(output, number) for number in range(PARTITIONS)]
    async with kafka.reading(partitions) as consumer:
        while not answer.complete and time.perf_counter() < ends_s:
            for records in (await consumer.getmany(timeout_ms=POLL_MS)).values():
                for record in records:
                    answer.take(record.key, record.value)
            alive_mb = peak_mb(pid)
            if not alive_mb:
                break
            resident_mb = alive_mb
    return resident_mb


def _end(said: BinaryIO) -> str:
    size = said.seek(0, os.SEEK_END)
    said.seek(max(0, size - 3000))
    return said.read().decode(errors="replace")
