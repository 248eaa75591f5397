"""The processes that make the fast backend's workers break."""

import os
import signal
import time
from pathlib import Path

import pytest

from harness.docker import wait_until
from harness.scripts import DOCUMENTED, ENDLESS
from harness.server import FAST_ALONE
from harness.workers import leftovers, makers

pytestmark = FAST_ALONE


@pytest.mark.parametrize("victim", ["outer", "spawner", "template"])
def test_a_maker_is_killed(make_server, victim):
    server = make_server(LAUNCHPOD_READY_WORKERS_MAX="2")
    running = server.in_background(ENDLESS)
    server.wait_for_script()
    os.kill(makers(server.process.pid)[victim], signal.SIGKILL)
    # The call in flight ends with its error.
    assert running.result(timeout=60).numbers[0] == 39012
    # A new one finds a new template.
    began = time.monotonic()
    with server.connect() as session:
        wait_until(lambda: session.run(DOCUMENTED).numbers == [], "a call that works")
    print(f"{victim} killed: a call works {time.monotonic() - began:.1f} s after the error")
    assert server.stop() == 0, server.log_text()
    assert leftovers(server.instance) == []


def test_nothing_is_left_when_the_server_is_killed(make_server):
    server = make_server(LAUNCHPOD_READY_WORKERS_MAX="2")
    running = server.in_background(ENDLESS)
    server.wait_for_script()
    processes = makers(server.process.pid).values()
    server.kill()
    with pytest.raises(Exception):
        running.result(timeout=60)
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in processes), "no process left")
    assert server.containers() == []
