"""The processes that make the fast backend's workers break."""

import os
import signal
from pathlib import Path

import pytest

from harness.docker import wait_until
from harness.scripts import DOCUMENTED, ENDLESS
from harness.server import FAST
from harness.workers import leftovers

pytestmark = pytest.mark.parametrize("sandbox", [FAST], indirect=True, scope="session")


def children(parent: int) -> list[int]:
    """The children of all threads of a process."""
    lists = [path.read_text() for path in Path(f"/proc/{parent}/task").glob("*/children")]
    return [int(pid) for pid in " ".join(lists).split()]


def makers(server) -> dict[str, int]:
    """The processes from the server down to the template, by what they are."""
    (outer,) = children(server.process.pid)
    (spawner,) = children(outer)
    (template,) = children(spawner)
    return {"outer": outer, "spawner": spawner, "template": template}


@pytest.mark.parametrize("victim", ["outer", "spawner", "template"])
def test_a_maker_is_killed(make_server, victim):
    server = make_server(LAUNCHPOD_READY_WORKERS_MAX="2")
    running = server.in_background(ENDLESS)
    server.wait_for_script()
    os.kill(makers(server)[victim], signal.SIGKILL)
    # The call in flight ends with its error.
    assert running.result(timeout=60).numbers[0] == 39012
    # A new one finds a new template.
    with server.connect() as session:
        wait_until(lambda: session.run(DOCUMENTED).numbers == [], "a call that works")
    assert server.stop() == 0, server.log_text()
    assert leftovers(server.instance) == []


def test_nothing_is_left_when_the_server_is_killed(make_server):
    server = make_server(LAUNCHPOD_READY_WORKERS_MAX="2")
    running = server.in_background(ENDLESS)
    server.wait_for_script()
    processes = makers(server).values()
    server.kill()
    with pytest.raises(Exception):
        running.result(timeout=60)
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in processes), "no process left")
    assert server.containers() == []
