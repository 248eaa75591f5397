"""Which user namespace workers are in, as it is configured; and that what can't be had is refused at start."""

import json
import subprocess

import pytest

from harness.docker import docker
from harness.scripts import ENDLESS, script
from harness.server import BINARY, DOCKER, DOCKER_ALONE, FAST, FAST_ALONE

MAPS_UIDS = any(name in docker("info", "--format", "{{.SecurityOptions}}") for name in ("name=userns", "name=rootless"))
# What the first user namespace of a host says (user_namespaces(7)).
HOSTS = ["0", "0", "4294967295"]
MAP = script('print(open("/proc/self/uid_map").read())')


def uid_map(server) -> list[str]:
    with server.connect() as session:
        return session.run(MAP).check().printed().split()


@FAST_ALONE
def test_one_that_is_required_is_the_fast_backends_own(make_server):
    server = make_server(LAUNCHPOD_PYTHON_USER_NAMESPACE="required")
    inside, outside, _ = uid_map(server)[:3]
    # Root in a worker is nobody's uid outside.
    assert inside == "0" and int(outside) >= 50_000
    assert server.stop() == 0


@DOCKER_ALONE
def test_one_that_is_required_is_the_engines_or_the_server_does_not_start(make_server):
    if MAPS_UIDS:
        server = make_server(LAUNCHPOD_PYTHON_USER_NAMESPACE="required")
        assert uid_map(server)[:3] != HOSTS
        assert server.stop() == 0
        return
    with pytest.raises(AssertionError, match="launchpod serve ended") as refused:
        make_server(LAUNCHPOD_PYTHON_USER_NAMESPACE="required")
    for said in ("workers must have a user namespace (python_user_namespace)", "maps no uids", "userns-remap"):
        assert said in str(refused.value)


@DOCKER_ALONE
def test_where_it_is_required_no_container_stands_in(make_server):
    server = make_server(LAUNCHPOD_PYTHON_USER_NAMESPACE="required", LAUNCHPOD_SANDBOX="auto")
    assert uid_map(server)[:3] != HOSTS
    assert server.stop() == 0


@DOCKER_ALONE
@pytest.mark.parametrize("preferred", [DOCKER, "auto"])
def test_the_hosts_is_asked_of_the_engine(make_server, preferred):
    server = make_server(LAUNCHPOD_PYTHON_USER_NAMESPACE="host", LAUNCHPOD_SANDBOX=preferred)
    running = server.in_background(ENDLESS)
    worker = server.wait_for_script()
    (facts,) = json.loads(docker("inspect", worker))
    server.kill_worker(worker)
    running.result(timeout=60)
    assert facts["HostConfig"]["UsernsMode"] == "host"
    assert server.stop() == 0


@pytest.mark.parametrize("preferred", [DOCKER, FAST])
def test_doctor_says_whether_there_is_one(preferred):
    command = [BINARY, "doctor", "--listen", "127.0.0.1:0", "--python-user-namespace", "required", "--sandbox", preferred]
    found = subprocess.run(command, capture_output=True, text=True, timeout=240)
    lacking = preferred == DOCKER and not MAPS_UIDS
    assert ("workers must have a user namespace (python_user_namespace)" in found.stdout) == lacking, found.stdout
    assert ("the engine maps no uids" in found.stdout) == (not MAPS_UIDS)
    assert found.returncode == 1 or not lacking, found.stdout
