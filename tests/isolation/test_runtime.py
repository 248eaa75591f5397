"""The OCI runtime that is configured for workers: theirs, a stronger one, and one that the engine doesn't have."""

import json
import subprocess

import pytest

from harness.docker import docker
from harness.scripts import DOCUMENTED, ENDLESS, script
from harness.second_engine import SecondEngine
from harness.server import BINARY, DOCKER_ALONE

GVISOR = {
    "path": "/usr/bin/runsc",
    # A worker has no network, and dials by a socket of the host's (gVisor of 2023 and later: --host-uds=open).
    "runtimeArgs": ["--network=none", "--fsgofer-host-uds"],
}


@DOCKER_ALONE
def test_workers_run_under_the_runtime_that_is_configured(make_server):
    server = make_server(LAUNCHPOD_PYTHON_RUNTIME="runc", LAUNCHPOD_SANDBOX="auto")
    running = server.in_background(ENDLESS)
    worker = server.wait_for_script()
    (facts,) = json.loads(docker("inspect", worker))
    server.kill_worker(worker)
    running.result(timeout=60)
    assert facts["HostConfig"]["Runtime"] == "runc"


@pytest.fixture
def gvisor(monkeypatch):
    """Has servers and the test's own questions go to an engine that has gVisor."""
    with SecondEngine({"runtimes": {"runsc": GVISOR}}) as engine:
        monkeypatch.setenv("DOCKER_HOST", engine.host)
        yield


@DOCKER_ALONE
def test_a_kernel_of_their_own_runs_them(gvisor, make_server):
    """gVisor's, which is version 4.4.0 whatever the host's is (gVisor, pkg/sentry/syscalls/linux)."""
    server = make_server(LAUNCHPOD_PYTHON_RUNTIME="runsc", LAUNCHPOD_SANDBOX="auto", LAUNCHPOD_SCRIPT_TIMEOUT="30")
    with server.connect() as session:
        assert session.run(DOCUMENTED).check().value == 1
        assert session.run(script("print(os.uname().release)")).check().printed().strip() == "4.4.0"
        assert session.run(script("while True: pass")).numbers[:2] == [39127, 39019]
    server.wait_for_nothing_left()
    assert server.stop() == 0


@DOCKER_ALONE
@pytest.mark.parametrize("preferred", ["docker", "auto"])
def test_one_that_the_engine_lacks_is_refused_at_start(make_server, preferred):
    with pytest.raises(AssertionError, match="launchpod serve ended") as refused:
        make_server(LAUNCHPOD_PYTHON_RUNTIME="none-such", LAUNCHPOD_SANDBOX=preferred)
    assert '"none-such" (python_runtime) is none of the engine\'s: it has' in str(refused.value)
    assert "runc" in str(refused.value)


def test_doctor_names_the_runtimes_that_there_are():
    command = [BINARY, "doctor", "--listen", "127.0.0.1:0", "--python-runtime", "none-such"]
    found = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert '"none-such" (python_runtime) is none of the engine\'s: it has' in found.stdout and "runc" in found.stdout
    assert "python_runtime" in found.stdout and found.returncode == 1
