"""Settings and a policy -> a running worker: roles, tail, HTTP and their life from start to a graceful stop."""

import asyncio
import logging
import os
import signal
import socket
import time
from collections.abc import Awaitable, Callable, Coroutine
from importlib.metadata import version
from typing import Any

from actions.policy.model import Policy
from streams.act_role import ActRole
from streams.api_tokens import auth_of
from streams.append import Appender
from streams.detect import Detect
from streams.end_of_run import EndOfRun, find_ends
from streams.faust_app import faust_app
from streams.http import HttpServer
from streams.ingest import Ends, Ingest
from streams.ingest_metrics import IngestMetrics
from streams.kafka import Kafka
from streams.metrics import BLIND, FROZEN, INCIDENTS_OPEN, Metrics
from streams.now import Now
from streams.observed import Observed
from streams.outputs import Outputs
from streams.pipeline import Plan
from streams.progress import Progress
from streams.settings import Role, Settings
from streams.snapshot import Snapshots
from streams.stateful import Stateful
from streams.tail import Tail
from streams.topics import Topics
from streams.view import ServiceView, WorkerFacts
from streams.worker_metrics import DetectMetrics

log = logging.getLogger("tidegate.worker")
