"""Which user namespace workers are in, as it is configured; and that what can't be had is refused at start."""

import json
import subprocess

import pytest

from harness.docker import docker
from harness.scripts import ENDLESS, script
from harness.second_engine import SecondEngine
from harness.server import BINARY, DOCKER, DOCKER_ALONE, FAST, FAST_ALONE
from harness.workers import status

MAPS_UIDS = any(name in docker("info", "--format", "{{.SecurityOptions}}") for name in ("name=userns", "name=rootless"))
# What the first user namespace of a host says (user_namespaces(7)).
HOSTS = ["0", "0", "4294967295"]
MAP = script('print(open("/proc/self/uid_map").read())')


WAY_BACK = script("""
import launchpod
with launchpod.connect() as connection, connection.cursor() as cursor:
    cursor.execute("SELECT SUSER_SNAME()")
    print(cursor.fetchone()[0])
""")
HOARD = script("hoard = [bytearray(b'x' * (1 << 20)) for _ in range(4096)]")


@pytest.fixture(scope="module")
def mapping_engine():
    with SecondEngine({"userns-remap": "default"}) as engine:
        yield engine


@pytest.fixture
def mapped(mapping_engine, monkeypatch):
    """Has servers and the test's own questions go to an engine that maps uids."""
    monkeypatch.setenv("DOCKER_HOST", mapping_engine.host)


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
def test_an_engine_that_maps_uids_gives_one(mapped, make_server):
    server = make_server(LAUNCHPOD_PYTHON_USER_NAMESPACE="required", LAUNCHPOD_WORKER_MEMORY="256")
    inside, outside, _ = map(int, uid_map(server)[:3])
    assert inside == 0 and outside > 0
    with server.connect() as session:
        assert session.run(WAY_BACK).check().printed().strip() == "sa"
        hoarding = session.run(HOARD)
    assert hoarding.numbers[:2] == [39127, 39019] and "worker_memory" in hoarding.errors[1].text
    server.wait_for_no_containers()
    running = server.in_background(ENDLESS)
    worker = server.wait_for_script()
    first = int(docker("inspect", "--format", "{{.State.Pid}}", worker))
    assert int(status(first)["Uid"].split()[0]) == outside + server.worker_uid(worker)
    server.kill_worker(worker)
    running.result(timeout=60)
    server.wait_for_nothing_left()
    assert server.stop() == 0


@FAST_ALONE
def test_before_an_engine_that_maps_uids_workers_are_forked_too(mapped, make_server):
    server = make_server(LAUNCHPOD_PYTHON_USER_NAMESPACE="required")
    inside, outside, _ = map(int, uid_map(server)[:3])
    assert inside == 0 and outside >= 50_000
    server.wait_for_no_containers()
    running = server.in_background(ENDLESS)
    server.kill_worker(server.wait_for_script())
    running.result(timeout=60)
    server.wait_for_nothing_left()
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
