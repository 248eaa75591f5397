"""What a script can see and touch from inside its worker."""

import json
import re

import pytest

from harness.docker import docker, wait_until
from harness.scripts import ENDLESS, script


def inside(session, text: str):
    """Runs a script that assigns `answer`, and returns it."""
    call = script(f"{text}\nimport json\nprint('answer=' + json.dumps(answer))")
    printed = session.run(call).check().printed()
    return json.loads(printed.rpartition("answer=")[2])


def status(session) -> dict:
    lines = inside(session, "answer = open('/proc/self/status').read()").splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def test_the_network_is_a_loopback_device_only(sql):
    assert inside(sql, "answer = os.listdir('/sys/class/net')") == ["lo"]


@pytest.mark.parametrize("address", ["169.254.169.254", "172.17.0.1", "10.0.0.1", "127.0.0.1"])
def test_nobody_answers(server, sql, address):
    text = f"""
import socket
try:
    socket.create_connection(("{address}", {server.port}), timeout=5).close()
    answer = "connected"
except OSError as error:
    answer = "refused"
"""
    assert inside(sql, text) == "refused"


def test_the_root_file_system_is_read_only(sql):
    text = """
answer = []
for folder in ["/", "/bin", "/etc", "/home", "/opt", "/root", "/run", "/usr/lib", "/var/tmp", "/sys", "/proc/sys"]:
    try:
        open(os.path.join(folder, "written"), "w").close()
        answer.append(folder)
    except OSError:
        pass
"""
    assert inside(sql, text) == []


def test_scratch_is_there_and_nothing_in_it_is_executed(sql):
    text = """
import subprocess, tempfile
with tempfile.NamedTemporaryFile("w", suffix=".sh", delete=False) as file:
    file.write("#!/bin/sh\\necho run\\n")
os.chmod(file.name, 0o755)
try:
    answer = subprocess.run([file.name], capture_output=True, text=True).stdout
except PermissionError:
    answer = "refused"
"""
    assert inside(sql, text) == "refused"


def test_no_privilege(sql):
    facts = status(sql)
    for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(facts[kind], 16) == 0, kind
    assert facts["NoNewPrivs"] == "1"
    assert facts["Seccomp"] == "2"
    assert "0" not in facts["Uid"].split()
    assert "0" not in facts["Gid"].split()
    assert set(facts["Groups"].split()) <= set(facts["Gid"].split())


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


def test_the_token_is_nowhere(server, sql):
    text = """
answer = {"run": [], "environment": sorted(os.environ), "arguments": []}
for folder, _, names in os.walk("/run/launchpod"):
    answer["run"] += names
for process in filter(str.isdigit, os.listdir("/proc")):
    try:
        answer["arguments"] += open(f"/proc/{process}/cmdline").read().split("\\0")
    except OSError:
        pass
"""
    seen = inside(sql, text)
    assert seen["run"] == []
    assert not [name for name in seen["environment"] if "TOKEN" in name.upper() or "PASSWORD" in name.upper()]
    # A token is 64 hexadecimal digits.
    assert not [argument for argument in seen["arguments"] if len(argument) >= 32 and argument.isalnum()]


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
    docker("rm", "--force", worker)
    running.result(timeout=60)
    (lease,) = [line for line in server.log_text().splitlines() if "worker leased" in line and name in line]
    assert re.search(r"request=[0-9a-f-]{36}", lease)
    # The identity is told apart, and not by its name.
    assert re.search(r'identity="[0-9a-f]{32}"', lease)


def test_the_first_process_cannot_be_read(sql):
    text = """
answer = []
for name in ("mem", "environ", "maps", "fd", "cwd", "root"):
    try:
        path = f"/proc/1/{name}"
        os.listdir(path) if name in ("fd", "cwd", "root") else open(path, "rb").read(1)
        answer.append(name)
    except OSError:
        pass
"""
    assert inside(sql, text) == []


def test_the_first_process_cannot_be_traced(sql):
    text = """
import ctypes
PTRACE_ATTACH = 16
answer = ctypes.CDLL(None, use_errno=True).ptrace(PTRACE_ATTACH, 1, None, None)
"""
    assert inside(sql, text) == -1


def test_no_path_of_the_host(sql):
    text = """
answer = [line.split()[4] for line in open("/proc/self/mountinfo")]
"""
    mounted = set(inside(sql, text))
    ours = {"/", "/tmp", "/run/launchpod", "/dev", "/dev/shm", "/dev/pts", "/dev/mqueue"}
    engines = {"/etc/hosts", "/etc/hostname", "/etc/resolv.conf"}
    others = {path for path in mounted - ours - engines if not path.startswith(("/proc", "/sys"))}
    assert others == set()


def test_no_docker_socket(sql):
    assert inside(sql, "answer = [p for p in ('/var/run/docker.sock', '/run/docker.sock') if os.path.exists(p)]") == []


def test_open_files_are_the_documented_ones(sql):
    # Standard input, output and error, the worker's socket, and the listing's own.
    assert set(inside(sql, "answer = [int(fd) for fd in os.listdir('/proc/self/fd')]")) <= {0, 1, 2, 3, 4}


def test_only_its_own_processes(sql):
    text = "answer = [open(f'/proc/{p}/comm').read().strip() for p in os.listdir('/proc') if p.isdigit()]"
    assert len(inside(sql, text)) == 2


@pytest.mark.parametrize(
    "call",
    ["unshare(0x10000000)", "mount(b'none', b'/tmp', b'tmpfs', 0, None)", "setuid(0)", "chroot(b'/tmp')", "sethostname(b'x', 1)"],
)
def test_system_calls_that_are_refused(sql, call):
    assert inside(sql, f"import ctypes\nanswer = ctypes.CDLL(None).{call}") == -1


def test_the_next_script_finds_nothing_of_the_last(sql):
    leave = """
open("/tmp/left", "w").write("x")
open("/dev/shm/left", "w").write("x")
os.environ["LEFT"] = "x"
pandas.LEFT = "x"
answer = None
"""
    find = """
import glob
answer = [glob.glob("/tmp/*"), glob.glob("/dev/shm/*"), "LEFT" in os.environ, hasattr(pandas, "LEFT")]
"""
    inside(sql, leave)
    assert inside(sql, find) == [[], [], False, False]
