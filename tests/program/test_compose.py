"""`compose.yaml`: Launchpod in a container, its workers beside it on the same engine."""

import json
import os
import shutil
import socket
import subprocess
import uuid
from types import SimpleNamespace

import pytest

from harness.docker import docker, remove_containers, wait_until
from harness.server import BINARY, PASSWORD, REPOSITORY
from harness.tds import Session

DOCUMENTED = """EXEC sp_execute_external_script @language = N'Python',
     @script = N'OutputDataSet = InputDataSet', @input_data_1 = N'SELECT 1 AS col'
WITH RESULT SETS ((col int))"""


class Project:
    """The repository's compose file, with a program that is built already, as a project of a test's own."""

    def __init__(self, folder):
        self.name = f"launchpod-test-{uuid.uuid4().hex[:8]}"
        self.folder = folder / "checkout"
        self.run_dir = folder / "run"
        self.port = free_port()
        for file in ("compose.yaml", ".dockerignore", "images/controller/Dockerfile", "images/controller/entry"):
            (self.folder / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / file, self.folder / file)
        program = self.folder / "target/release/launchpod"
        program.parent.mkdir(parents=True)
        shutil.copy2(BINARY, program)

    def compose(self, *arguments: str) -> str:
        """What a command of Compose says, of version 2 or else 1."""
        plugin = subprocess.run(["docker", "compose", "version"], capture_output=True).returncode == 0
        program = ["docker", "compose"] if plugin else ["docker-compose"]
        done = subprocess.run(
            [*program, "--project-name", self.name, *arguments],
            cwd=self.folder, env={**os.environ, **self.environment}, capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @property
    def environment(self) -> dict[str, str]:
        return {
            "MSSQL_SA_PASSWORD": PASSWORD,
            "LAUNCHPOD_PORT": str(self.port),
            "LAUNCHPOD_RUN_DIR": str(self.run_dir),
        }

    @property
    def container(self) -> str:
        return self.compose("ps", "--quiet", "launchpod").strip()

    def inspect(self) -> dict:
        return json.loads(docker("inspect", self.container))[0]

    def connect(self) -> Session:
        return Session(SimpleNamespace(host="127.0.0.1", port=self.port, user="sa", password=PASSWORD))


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """`docker compose up`, until the container is healthy."""
    made = Project(tmp_path_factory.mktemp("compose"))
    try:
        made.compose("up", "--detach", "--build")
        wait_until(lambda: made.inspect()["State"]["Health"]["Status"] == "healthy", "a healthy container", 120)
        # Root in the container has no right to another's files.
        instance = docker("exec", "--user", "10001", made.container, "cat", "instance-id").strip()
        yield made
    finally:
        made.compose("down", "--volumes", "--rmi", "local")
    assert remove_containers(instance) == []


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def test_the_documented_script(project):
    with project.connect() as session:
        session.run("EXEC sp_configure 'external scripts enabled', 1; RECONFIGURE").check()
        assert session.run(DOCUMENTED).check().value == 1


def test_what_a_lost_worker_has_used_is_remembered(project):
    """By what the engine says every five seconds: a server in a container sees no other's cgroup."""
    busy = """
import time
hoard = bytearray(b''x'' * (64 << 20))
while time.process_time() < 11: pass
print(''has used some'', flush=True)
time.sleep(3600)
"""
    query = """
SELECT cpu_time_us, peak_memory_bytes FROM sys.dm_external_script_request_history WHERE error_number = 39012
"""
    with project.connect() as client, project.connect() as session:
        request = client.connection.cursor()._session
        request.submit_plain_query(f"EXEC sp_execute_external_script @language = N'Python', @script = N'{busy}'")
        request.begin_response()
        instance = docker("exec", "--user", "10001", project.container, "cat", "instance-id").strip()
        workers = docker("ps", "--quiet", "--filter", f"label=launchpod.instance={instance}").split()
        docker("kill", *workers)
        ((cpu_time, peak_memory),) = wait_until(lambda: session.run(query).only.rows, "the row of a lost worker")
    assert cpu_time > 1_000_000 and peak_memory > 64 << 20


def test_the_server_is_a_user_who_may_reach_the_socket_and_nothing_else(project):
    status = docker("exec", project.container, "cat", "/proc/1/status")
    fields = dict(line.split(":\t", 1) for line in status.splitlines())
    assert fields["Uid"].split() == ["10001"] * 4
    assert fields["Gid"].split() == ["10001"] * 4
    assert fields["Groups"].split() == [str(os.stat("/var/run/docker.sock").st_gid)]
    for capabilities in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(fields[capabilities], 16) == 0, capabilities
    assert fields["NoNewPrivs"] == "1"


def test_the_profile_with_a_sql_server_is_valid(tmp_path):
    """Its image can't be had here: it is read, and not run."""
    config = Project(tmp_path).compose("--profile", "sqlserver", "config")
    assert "mssql/server@sha256:" in config and "LAUNCHPOD_DATABASE_KIND: sqlserver" in config
    assert "condition: service_healthy" in config


def test_its_root_is_read_only(project):
    host = project.inspect()["HostConfig"]
    assert host["ReadonlyRootfs"] and not host["Privileged"]
    assert sorted(mount["Destination"] for mount in project.inspect()["Mounts"]) == [
        "/run/launchpod", "/var/lib/launchpod", "/var/run/docker.sock",
    ]  # fmt: skip


def test_data_outlives_the_container(project):
    with project.connect() as session:
        session.run("CREATE TABLE kept (x int); INSERT INTO kept VALUES (7)").check()
    project.compose("up", "--detach", "--force-recreate")
    wait_until(lambda: project.inspect()["State"]["Health"]["Status"] == "healthy", "a healthy container", 120)
    with project.connect() as session:
        assert session.run("SELECT x FROM kept").value == 7
