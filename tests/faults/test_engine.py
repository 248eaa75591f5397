"""The engine goes away and comes back, while scripts run."""

import time

import pytest

from harness.cable import EngineCable
from harness.docker import wait_until
from harness.scripts import DOCUMENTED, script
from harness.server import DOCKER_ALONE, FAST_ALONE
from harness.workers import leftovers

# Longer than the call beside it.
PATIENT = script("import time\ntime.sleep(5)\nprint('finished')")


@pytest.fixture
def cable(tmp_path):
    cable = EngineCable(tmp_path / "engine.sock")
    yield cable
    cable.cut()


@DOCKER_ALONE
def test_containers_without_an_engine(make_server, cable):
    server = make_server(DOCKER_HOST=cable.host)
    running = server.in_background(PATIENT)
    server.wait_for_script()
    cable.cut()
    # What has its worker needs no engine any more; what has none says what is missing.
    with server.connect() as session:
        outcome = session.run(DOCUMENTED)
        assert outcome.numbers[:2] == [39021, 39019], outcome.errors
        assert f"no container engine answers at {cable.host}" in outcome.errors[1].text
        assert running.result(timeout=60).check().printed().strip() == "finished"
        cable.mend()
        began = time.monotonic()
        wait_until(lambda: session.run(DOCUMENTED).numbers == [], "a call that works")
        print(f"the engine is back: a call works {time.monotonic() - began:.1f} s later")
    server.wait_for_no_containers()
    assert server.stop() == 0, server.log_text()
    assert leftovers(server.instance) == []


@FAST_ALONE
def test_forked_workers_need_no_engine(make_server, cable):
    server = make_server(DOCKER_HOST=cable.host)
    with server.connect() as session:
        assert session.run(DOCUMENTED).value == 1
        cable.cut()
        assert session.run(DOCUMENTED).value == 1
        cable.mend()
        assert session.run(DOCUMENTED).value == 1
    assert server.stop() == 0, server.log_text()
    assert leftovers(server.instance) == []
