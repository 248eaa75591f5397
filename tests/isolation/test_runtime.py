"""The OCI runtime that is configured for workers: theirs, and one that the engine doesn't have."""

import json
import subprocess

import pytest

from harness.docker import docker
from harness.scripts import ENDLESS
from harness.server import BINARY, DOCKER_ALONE


@DOCKER_ALONE
def test_workers_run_under_the_runtime_that_is_configured(make_server):
    server = make_server(LAUNCHPOD_PYTHON_RUNTIME="runc", LAUNCHPOD_SANDBOX="auto")
    running = server.in_background(ENDLESS)
    worker = server.wait_for_script()
    (facts,) = json.loads(docker("inspect", worker))
    server.kill_worker(worker)
    running.result(timeout=60)
    assert facts["HostConfig"]["Runtime"] == "runc"


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
