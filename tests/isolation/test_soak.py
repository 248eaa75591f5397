"""Many calls of several identities, hostile ones among them: no honest one fails, nothing leaks.

`tests/isolation/soak` runs as many calls as are asked for and prints the figures; the suite runs a
short version.
"""

import contextlib
import os
import queue
import threading
from pathlib import Path

import pytest

from harness import workers
from harness.docker import wait_until
from harness.scripts import script

CALLS = int(os.environ.get("LAUNCHPOD_SOAK_CALLS", "40"))
CLIENTS = 8
IDENTITIES = 4
HOSTILE_EVERY = 10
# What a server may have more of after the calls than after the first few: caches, not leaks.
MORE_MEMORY = 64 << 20
MORE_FILES = 4


def make_logins(server, count: int) -> list[dict[str, str]]:
    """Logins of a database who may run scripts and nothing else: what `connect` takes."""
    logins = [{"user": f"worker{number}", "password": f"It's-{number}-secret"} for number in range(count)]
    with server.connect() as session:
        session.run("CREATE DATABASE soak").check()
        session.run("USE soak").check()
        for login in logins:
            password = login["password"].replace("'", "''")
            for batch in (
                f"CREATE LOGIN {login['user']} WITH PASSWORD = '{password}', DEFAULT_DATABASE = soak",
                f"CREATE USER {login['user']} FOR LOGIN {login['user']}",
                f"GRANT EXECUTE ANY EXTERNAL SCRIPT TO {login['user']}",
            ):
                session.run(batch).check()
    return logins


BACK = """
import launchpod
with launchpod.connect() as connection:
    cursor = connection.cursor()
    cursor.execute("SELECT 2, SUSER_SNAME()")
    factor, who = cursor.fetchone()
OutputDataSet = InputDataSet * factor
"""
HONEST_BACK = script(BACK, query="SELECT 21 AS n", clause="WITH RESULT SETS ((n int))")
HONEST = script("OutputDataSet = InputDataSet * 2", query="SELECT 21 AS n", clause="WITH RESULT SETS ((n int))")
HOSTILE = [
    script("while True: os.fork()"),
    script("hoard = [bytearray(b'x' * (1 << 20)) for _ in range(4096)]"),
    script("os.write(3, b'rubbish' * 1000)\nos._exit(0)"),
    script("import signal\nos.kill(-1, signal.SIGKILL)\nos.kill(os.getpid(), signal.SIGKILL)"),
    script("while True: print('x' * 100)"),
    script("while True: pass"),
    script("""
import launchpod
held = [launchpod.connect() for _ in range(16)]
held[0].cursor().execute("BEGIN TRANSACTION; CREATE TABLE #own (n int)")
os.kill(os.getpid(), 9)
"""),
]


def descriptors(process: int) -> list[str]:
    """What the descriptors of a process lead to."""
    found = []
    for one in Path(f"/proc/{process}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found.append(os.readlink(one))
    return found


def memory(process: int) -> int:
    """The resident memory of a process, in bytes."""
    return int(workers.status(process)["VmRSS"].split()[0]) * 1024


def mounts(process: int, server) -> int:
    """The mounts that a process sees. Of the host's only those in the server's own folders: others
    come and go, of containers and of images that are built meanwhile."""
    lines = Path(f"/proc/{process}/mountinfo").read_text().splitlines()
    is_host = os.readlink(f"/proc/{process}/ns/mnt") == os.readlink("/proc/self/ns/mnt")
    own = (server.instance[:8], str(server.folder))
    return sum(any(folder in line for folder in own) for line in lines) if is_host else len(lines)


def state(server, makers: dict[str, int]) -> dict[str, int]:
    """What a leak would show in: of the server, and of the processes that make its workers."""
    files = descriptors(server.process.pid)
    found = {
        "workers": len(server.containers()),
        "run folders": len(list(Path(f"/run/launchpod/{server.instance[:8]}").glob("*/"))),
        "mounts": mounts(server.process.pid, server),
        "descriptors": len(files),
        "sockets": sum(file.startswith("socket:") for file in files),
        "threads": len(list(Path(f"/proc/{server.process.pid}/task").iterdir())),
        "memory": memory(server.process.pid),
    }
    for name, process in makers.items():
        found[f"{name}'s descriptors"] = len(descriptors(process))
        found[f"{name}'s mounts"] = mounts(process, server)
        found[f"{name}'s memory"] = memory(process)
    return found


def cgroups(names: set[str]) -> list[str]:
    """The cgroups that are left of workers."""
    # Those of other servers come and go meanwhile, which `walk` takes for nothing.
    folders = (Path(folder) for folder, _, _ in os.walk("/sys/fs/cgroup"))
    return [str(folder) for folder in folders if any(name in folder.name for name in names)]


@pytest.mark.timeout(7200)
def test_soak(make_server, capsys):
    server = make_server(
        LAUNCHPOD_WORKER_MEMORY="256", LAUNCHPOD_WORKER_PROCESSES="64", LAUNCHPOD_SCRIPT_TIMEOUT="5",
        LAUNCHPOD_MESSAGE_SIZE="1", LAUNCHPOD_WORKERS="8", LAUNCHPOD_QUEUE_TIMEOUT="600",
    )  # fmt: skip
    logins = make_logins(server, IDENTITIES)
    work: queue.SimpleQueue[int] = queue.SimpleQueue()
    wrong, seen = [], set()

    def client(number: int):
        with server.connect(**logins[number % IDENTITIES]) as session:
            while True:
                try:
                    call = work.get_nowait()
                except queue.Empty:
                    return
                if call % HOSTILE_EVERY == 0:
                    if not session.run(HOSTILE[call // HOSTILE_EVERY % len(HOSTILE)]).errors:
                        wrong.append((call, "a hostile script succeeded"))
                    continue
                # Every other one by way of a connection of its own.
                outcome = session.run(HONEST_BACK if call % 2 else HONEST)
                if outcome.errors or outcome.value != 42:
                    wrong.append((call, outcome.errors))

    def run(calls: range):
        for call in calls:
            work.put(call)
        clients = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
        for one in clients:
            one.start()
        while any(one.is_alive() for one in clients):
            seen.update(Path(worker).name for worker in server.containers())
            clients[0].join(timeout=0.5)
        server.wait_for_no_containers()

    run(range(1, CLIENTS + 1))
    # Those of the image that there is now; one that is built meanwhile has others.
    makers = workers.makers(server.process.pid) if server.is_fast else {}
    before = state(server, makers)
    run(range(CLIENTS + 1, CALLS + 1))
    # Connections that the other side has closed are noticed a moment later.
    with contextlib.suppress(AssertionError):
        wait_until(lambda: state(server, makers)["descriptors"] <= before["descriptors"], "closed descriptors", seconds=10)
    after = state(server, makers)
    left = cgroups(seen)
    with capsys.disabled():
        print(f"\n{CALLS} calls, {CLIENTS} clients, {IDENTITIES} identities, {len(wrong)} wrong, {len(left)} cgroups left")
        for name in before:
            print(f"{name:<22} before {before[name]:>12}  after {after[name]:>12}")
    assert wrong == [] and left == []
    assert after["workers"] == after["run folders"] == 0
    for name in before:
        more = MORE_MEMORY if name.endswith("memory") else MORE_FILES
        assert after[name] <= before[name] + more, name
