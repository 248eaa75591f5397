"""What a script can see and touch from inside its worker, and what engine and kernel say of it."""

import json
import os
import re
from pathlib import Path

import pytest

from harness import workers
from harness.docker import docker, wait_until
from harness.probes import Probes
from harness.scripts import ENDLESS, script
from harness.server import DOCKER_ALONE, FAST_ALONE

looks = Probes()


@pytest.fixture
def answers(attack, server):
    return looks.answers(attack, server)


DEVICES = looks.add("answer = os.listdir('/sys/class/net')")


def test_the_network_is_a_loopback_device_only(answers):
    assert answers[DEVICES] == ["lo"]


WRITTEN = looks.add("""
answer = []
for folder, _, _ in os.walk("/"):
    if not folder.startswith(("/proc", "/sys", "/tmp", "/dev/shm")):
        path = os.path.join(folder, "written")
        if attempt(lambda: os.close(os.open(path, os.O_CREAT | os.O_WRONLY))) == "allowed":
            answer.append(folder)
""")


@pytest.mark.threat(5)
def test_the_root_file_system_is_read_only(answers):
    # A queue there takes nothing: see the rlimits.
    assert set(answers[WRITTEN]) <= {"/dev/mqueue"}


EXECUTED = looks.add("""
import subprocess, tempfile
answer = []
for folder in ("/tmp", "/dev/shm"):
    with tempfile.NamedTemporaryFile("w", suffix=".sh", dir=folder, delete=False) as file:
        file.write("#!/bin/sh\\necho run\\n")
    os.chmod(file.name, 0o755)
    answer.append(attempt(subprocess.run, [file.name]))
    os.unlink(file.name)
""")


def test_nothing_in_scratch_is_executed(answers):
    assert answers[EXECUTED] == ["EACCES", "EACCES"]


STATUS = looks.add("answer = open('/proc/self/status').read()")


@pytest.mark.threat(18)
def test_no_privilege(answers):
    lines = answers[STATUS].splitlines()
    facts = {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
    for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(facts[kind], 16) == 0, kind
    assert facts["NoNewPrivs"] == "1" and facts["Seccomp"] == "2"
    assert "0" not in facts["Uid"].split() and "0" not in facts["Gid"].split()
    assert set(facts["Groups"].split()) <= set(facts["Gid"].split())


TOKEN = looks.add("""
run, arguments = [], []
for folder, _, names in os.walk("/run/launchpod"):
    run += names
processes = [pid for pid in os.listdir("/proc") if pid.isdigit()]
for process in processes:
    arguments += open(f"/proc/{process}/cmdline").read().split("\\0")
answer = [run, sorted(os.environ), arguments, len(processes)]
""")


@pytest.mark.threat(30)
def test_the_token_is_nowhere(server, answers):
    run, environment, arguments, processes = answers[TOKEN]
    # A forked worker has a second task in its memory.
    assert run == [] and processes == (3 if server.is_fast else 2)
    assert not [name for name in environment if "TOKEN" in name.upper() or "PASSWORD" in name.upper()]
    # A token is 64 hexadecimal digits.
    assert not [argument for argument in arguments if len(argument) >= 32 and argument.isalnum()]


FIRST = looks.add("""
answer = []
for name in ("mem", "environ", "maps", "fd", "cwd", "root"):
    path = f"/proc/1/{name}"
    if attempt(lambda: os.listdir(path) if name in ("fd", "cwd", "root") else open(path, "rb").read(1)) == "allowed":
        answer.append(name)
""")


@pytest.mark.threat(14)
def test_the_first_process_cannot_be_read(answers):
    assert answers[FIRST] == []


MOUNTED = looks.add("answer = [line.split()[4] for line in open('/proc/self/mountinfo')]")


@pytest.mark.threat(12)
def test_no_path_of_the_host(answers):
    ours = {"/", "/tmp", "/run/launchpod", "/dev", "/dev/shm", "/dev/pts", "/dev/mqueue"}
    engines = {"/etc/hosts", "/etc/hostname", "/etc/resolv.conf"}
    # An engine that maps uids can't make devices, and mounts its own.
    engines |= {f"/dev/{name}" for name in ("null", "zero", "full", "random", "urandom", "tty")}
    others = {path for path in set(answers[MOUNTED]) - ours - engines if not path.startswith(("/proc", "/sys"))}
    assert others == set()


def test_two_workers_at_once_have_different_uids(server):
    running = [server.in_background(ENDLESS) for _ in range(2)]
    try:
        found = wait_until(lambda: len(found := server.containers(running=True)) == 2 and found, "two workers")
        uids = {server.worker_uid(worker) for worker in found}
    finally:
        server.kill_workers()
    for one in running:
        one.result(timeout=60)
    assert len(uids) == 2 and 0 not in uids


@DOCKER_ALONE
def test_what_the_engine_tells_of_a_worker(server):
    running = server.in_background(ENDLESS)
    worker = server.wait_for_script()
    (facts,) = json.loads(docker("inspect", worker))
    docker("rm", "--force", worker)
    running.result(timeout=60)

    labels = {name for name in facts["Config"]["Labels"] if name.startswith("launchpod.")}
    assert labels >= {"launchpod.instance"}
    said = json.dumps([facts["Config"]["Env"], facts["Config"]["Labels"], facts["Path"], facts["Args"]])
    assert server.password not in said and "token" not in said.lower()

    host = facts["HostConfig"]
    assert host["NetworkMode"] == "none"
    assert host["ReadonlyRootfs"] and not host["Privileged"] and host["AutoRemove"]
    assert host["CapDrop"] == ["ALL"] and not host["CapAdd"]
    assert not [option for option in host["SecurityOpt"] if "unconfined" in option]
    assert host["Memory"] > 0 and host["MemorySwap"] == host["Memory"] and host["PidsLimit"] > 0
    (mount,) = facts["Mounts"]
    assert (mount["Destination"], mount["RW"]) == ("/run/launchpod", False)


NAMESPACES = ("user", "mnt", "pid", "net", "ipc", "uts", "cgroup")


@FAST_ALONE
def test_what_the_kernel_tells_of_a_worker(server):
    running = server.in_background(ENDLESS)
    cgroup = Path(server.wait_for_script())
    template = workers.makers(server.process.pid)["template"]
    supervisor, worker = (Path(f"/proc/{pid}") for pid in workers.supervisor_and_script(cgroup))
    try:
        host, shared, own = ({name: os.readlink(f"{process}/ns/{name}") for name in NAMESPACES}
                             for process in ("/proc/self", f"/proc/{template}", worker))  # fmt: skip
        # None is the server's; its own are all but the user namespace, which is the template's.
        assert not set(host.values()) & set(own.values())
        assert {name for name in NAMESPACES if own[name] == shared[name]} == {"user"}
        assert own == {name: os.readlink(supervisor / "ns" / name) for name in NAMESPACES}
        for process in (supervisor, worker):
            facts = workers.status(int(process.name))
            assert {int(facts[kind], 16) for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}
            assert facts["NoNewPrivs"] == "1" and facts["Seccomp"] == "2" and facts["Groups"] == ""
            assert set(facts["Uid"].split()) == set(facts["Gid"].split()) == {str(server.worker_uid(str(cgroup)))}
        assert (worker / "environ").read_bytes() == (Path(f"/proc/{template}") / "environ").read_bytes()
        assert server.password.encode() not in (worker / "environ").read_bytes()
        assert int((worker / "oom_score_adj").read_text()) > 0
        limits = {path.name: path.read_text().strip() for path in limit_files(cgroup)}
        assert set(limits.values()) == {str(2 << 30), "128"}, limits
    finally:
        server.kill_worker(str(cgroup))
    running.result(timeout=60)


def limit_files(cgroup: Path) -> list[Path]:
    """The files that limit a worker's memory, with and without swap, and its processes."""
    if (cgroup / "memory.max").exists():
        return [cgroup / "memory.max", cgroup / "pids.max"]
    pids = Path(str(cgroup).replace("/memory/", "/pids/"))
    return [cgroup / "memory.limit_in_bytes", cgroup / "memory.memsw.limit_in_bytes", pids / "pids.max"]


def test_the_log_says_which_request_has_which_worker(server):
    running = server.in_background(ENDLESS)
    worker = server.wait_for_script()
    name = server.worker_name(worker)

    def leases() -> list[str]:
        return [line for line in server.log_text().splitlines() if "worker leased" in line and name in line]

    # It runs before it is ready, and is leased then.
    (lease,) = wait_until(leases, "a lease in the log")
    server.kill_worker(worker)
    running.result(timeout=60)
    assert re.search(r"request=[0-9a-f-]{36}", lease)
    # The identity is told apart, and not by its name.
    assert re.search(r'identity="[0-9a-f]{32}"', lease)
