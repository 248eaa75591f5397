"""What a script can see and touch from inside its worker, and what the engine says of it."""

import json
import re

import pytest

from harness.docker import docker, wait_until
from harness.probes import Probes
from harness.scripts import ENDLESS, script

looks = Probes()


@pytest.fixture(scope="module")
def answers(server):
    with server.connect() as session:
        found = looks.run(session)
    server.wait_for_no_containers()
    return found


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
def test_the_token_is_nowhere(answers):
    run, environment, arguments, processes = answers[TOKEN]
    assert run == [] and processes == 2
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
    others = {path for path in set(answers[MOUNTED]) - ours - engines if not path.startswith(("/proc", "/sys"))}
    assert others == set()


def test_two_workers_at_once_have_different_uids(server):
    text = script("import time\nprint(os.getuid())\ntime.sleep(3600)")
    uids = set()
    running = [server.in_background(text) for _ in range(2)]
    try:
        workers = wait_until(lambda: len(found := server.containers(running=True)) == 2 and found, "two workers")
        for worker in workers:
            user = docker("inspect", "--format", "{{.Config.User}}", worker).strip()
            assert user.partition(":")[0] not in ("", "0", "root")
            uids.add(user)
    finally:
        for worker in server.containers():
            docker("rm", "--force", worker)
    for one in running:
        one.result(timeout=60)
    assert len(uids) == 2


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


def test_the_log_says_which_request_has_which_worker(server):
    running = server.in_background(ENDLESS)
    worker = server.wait_for_script()
    name = docker("inspect", "--format", "{{.Name}}", worker).strip().removeprefix("/")

    def leases() -> list[str]:
        return [line for line in server.log_text().splitlines() if "worker leased" in line and name in line]

    # It runs before it is ready, and is leased then.
    (lease,) = wait_until(leases, "a lease in the log")
    docker("rm", "--force", worker)
    running.result(timeout=60)
    assert re.search(r"request=[0-9a-f-]{36}", lease)
    # The identity is told apart, and not by its name.
    assert re.search(r'identity="[0-9a-f]{32}"', lease)
