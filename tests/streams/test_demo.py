"""The demo as a visitor runs it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-P", "-m", "streams", "demo"]


@pytest.mark.slow
def test_every_scripted_incident_is_found_acted_upon_and_lifted(tmp_path: Path) -> None:
    began_s = time.monotonic()
    done = subprocess.run(
        [*COMMAND, "--once", "--json", "--keep", str(tmp_path / "kept")], capture_output=True, text=True, timeout=330, check=False
    )
    assert time.monotonic() - began_s < 300
    verdict = json.loads(done.stdout)
    assert verdict["complaints"] == [], done.stderr
    assert done.returncode == 0
    assert {each["kind"] for each in verdict["incidents"]} >= {"token_spike", "retry_storm", "budget_burn", "canary_regression"}
    for name in ("telemetry.tgr", "policy.yaml", "labels.jsonl", "summary.json"):
        assert (tmp_path / "kept" / name).stat().st_size


def test_ctrl_c_stops_everything(tmp_path: Path) -> None:
    keep = tmp_path / "kept"
    env = {**os.environ, "PYTHONUNBUFFERED": "1"}
    demo = subprocess.Popen([*COMMAND, "--once", "--keep", str(keep)], stdout=subprocess.PIPE, text=True, env=env)
    assert demo.stdout
    lines = iter(demo.stdout.readline, "")
    assert any("works off" in line for line in lines)
    demo.send_signal(signal.SIGINT)
    rest, _ = demo.communicate(timeout=60)
    assert demo.returncode == 130
    assert "stopped by hand" in rest
    listening = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert str(keep) not in listening
