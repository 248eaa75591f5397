"""Two scripts at a time, and one after the other: neither knows of the other."""

import json
import uuid

import pytest

from harness.attack import Requests
from harness.memory import LOOK, TOKEN, look
from harness.scripts import ENDLESS, script

SECRET = "the-victims-secret"

VICTIM = f"""
import time
os.environ["SECRET"] = "{SECRET}"
for folder in ("/tmp", "/dev/shm"):
    open(f"{{folder}}/secret", "w").write("{SECRET}")
time.sleep(3600)
"""

SPY = """
import json, signal
found = []
for folder, _, names in os.walk("/"):
    if not folder.startswith(("/proc", "/sys")):
        found += [os.path.join(folder, name) for name in names if name == "secret"]
processes = [pid for pid in os.listdir("/proc") if pid.isdigit()]
for pid in processes:
    for name in ("environ", "mem", "cmdline"):
        try:
            if b"SECRET_VALUE" in open(f"/proc/{pid}/{name}", "rb").read(1 << 16) and int(pid) != os.getpid():
                found.append(f"/proc/{pid}/{name}")
        except OSError:
            pass
reached = []
own = {*map(int, processes), *map(int, os.listdir("/proc/self/task"))}
for pid in set(range(2, 5000)) - own:
    try:
        os.kill(pid, 0)
        reached.append(pid)
    except OSError:
        pass
names = []
import socket
for name in NAMES:
    try:
        socket.gethostbyname(name)
        names.append(name)
    except OSError:
        pass
print(json.dumps([found, len(processes), reached, names, os.listdir("/run/launchpod")]))
"""


@pytest.mark.threat(24)
def test_a_spy_beside_a_victim(attack, server, sql):
    batch = script(VICTIM, params="N'@secret nvarchar(50)'", secret=f"N'{SECRET}'")
    victims = Requests(server, batch)
    victim = server.in_background(batch)
    container = server.wait_for_script()
    try:
        name = server.worker_name(container)
        spy = script(SPY.replace("SECRET_VALUE", SECRET).replace("NAMES", repr([name, container[:12], "worker-1"])))
        spies = Requests(server, spy)
        outcome = sql.run(spy)
        found, processes, reached, names, folder = json.loads(outcome.check().printed())
        assert (found, reached, names, folder) == ([], [], [], [])
        # Its own: the supervisor, itself, and a forked worker's holder of its memory.
        assert processes == (3 if server.is_fast else 2)
        # It has not even been disturbed.
        assert container in server.containers(running=True)
    finally:
        server.kill_worker(container)
    killed = victim.result(timeout=60)
    assert killed.numbers[0] == 39012
    server.wait_for_nothing_left()
    for requests, ended, told in [(spies, "succeeded", outcome), (victims, "runtime lost", killed)]:
        attack.check(*requests.ended(), ended, told)


@pytest.mark.threat(25)
def test_the_next_call_finds_nothing(attack, server):
    leave = """
import builtins, sys
for folder in ("/tmp", "/dev/shm"):
    open(f"{folder}/left", "w").write("x")
os.environ["LEFT"] = builtins.LEFT = pandas.LEFT = sys.LEFT = "x"
pandas.DataFrame.to_csv = None
"""
    find = """
import builtins, glob, json, sys
print(json.dumps([glob.glob("/tmp/*"), glob.glob("/dev/shm/*"), "LEFT" in os.environ, hasattr(builtins, "LEFT"),
                  hasattr(pandas, "LEFT"), hasattr(sys, "LEFT"), pandas.DataFrame.to_csv is None]))
"""
    attack(server, script(leave), "succeeded")
    assert json.loads(attack(server, script(find), "succeeded").printed()) == [[], [], False, False, False, False, False]


# Holds a secret wherever a script can.
HOARD = """
import mmap, threading
import numpy
os.environ["SECRET"] = secret
for folder in ("/tmp", "/dev/shm"):
    open(f"{folder}/secret", "w").write(secret * 10_000)
descriptor = os.memfd_create("secret")
os.write(descriptor, secret.encode() * 10_000)
mapped = mmap.mmap(descriptor, 0)
hoard = [secret.encode() * 10_000 for _ in range(50)]
array = numpy.frombuffer(b"".join(hoard), "uint8").copy()
stack = threading.Thread(target=lambda: b"".join(hoard))
stack.start()
stack.join()
print(secret)
OutputDataSet = pandas.DataFrame({"secret": [secret] * 10_000})
"""

# Two secrets of its own, to be sure that they would be found.
SEARCH = LOOK + f"""
import uuid
own = "launchpod-secret-" + uuid.uuid4().hex, uuid.uuid4().hex + uuid.uuid4().hex
found = look(rb"launchpod-secret-[0-9a-f]{{32}}|" + {TOKEN!r})
print(len(found), {{one.encode() for one in own}} <= found)
"""


@pytest.mark.threat(25, 30)
def test_nothing_of_another_call_is_in_memory(attack, server):
    """Neither a secret that earlier scripts held, nor a token of a worker."""
    secrets = {f"launchpod-secret-{uuid.uuid4().hex}" for _ in range(2)}
    for secret in secrets:
        batch = script(
            HOARD,
            query=f"SELECT N'{secret}' AS secret",
            clause="WITH RESULT SETS ((secret nvarchar(100)))",
            params="N'@secret nvarchar(100)'",
            secret=f"N'{secret}'",
        )
        outcome = attack(server, batch, "succeeded").check()
        assert outcome.printed() == secret and len(outcome.rows) == 10_000
    running = server.in_background(ENDLESS)
    worker = server.wait_for_script()
    # The server has its token as long as a worker lives.
    assert look(TOKEN, server.process.pid)
    server.kill_worker(worker)
    running.result(timeout=60)
    assert attack(server, script(SEARCH), "succeeded").printed() == "2 True"


@pytest.mark.threat(26)
def test_two_workers_share_no_random_state(attack, server):
    draw = script("""
import json, random, secrets, uuid
import numpy
print(json.dumps([random.random(), numpy.random.random(), numpy.random.default_rng().random(), secrets.token_hex(8),
                  os.urandom(8).hex(), uuid.uuid4().hex, uuid.uuid1().hex]))
""")
    requests = Requests(server, draw)
    running = [server.in_background(draw) for _ in range(3)]
    outcomes = [one.result(timeout=120) for one in running]
    server.wait_for_nothing_left()
    for row, outcome in zip(requests.ended(3), outcomes):
        attack.check(row, "succeeded", outcome)
    for values in zip(*(json.loads(outcome.printed()) for outcome in outcomes)):
        assert len(set(values)) == len(values)
