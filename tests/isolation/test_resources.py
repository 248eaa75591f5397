"""Scripts that take all they can get: the limit is named, and nobody else notices."""

import json

import pytest

from harness.scripts import script

def run_out(outcome, resource: str, setting: str) -> str:
    """The sentence of a script that ran out of something."""
    assert outcome.numbers[:2] == [39127, 39019], outcome.errors
    sentence = outcome.errors[1].text
    assert f"ran out of {resource}" in sentence and f"{setting} in the configuration" in sentence
    return sentence


@pytest.mark.threat(1)
def test_a_fork_bomb(attack, small_server):
    assert "64" in run_out(attack(small_server, script("while True: os.fork()"), "out of processes"), "processes", "worker_processes")


@pytest.mark.threat(2)
def test_a_memory_bomb(attack, small_server):
    text = "hoard = [bytearray(b'x' * (1 << 20)) for _ in range(4096)]"
    assert "256 MiB" in run_out(attack(small_server, script(text), "out of memory"), "memory", "worker_memory")


@pytest.mark.threat(3)
def test_files_in_memory_are_counted(attack, small_server):
    text = """
for folder in ("/tmp", "/dev/shm"):
    with open(f"{folder}/fill", "wb") as file:
        try:
            while True: file.write(b"x" * (1 << 20))
        except OSError:
            pass
"""
    run_out(attack(small_server, script(text), "out of memory"), "memory", "worker_memory")


@pytest.mark.threat(4)
def test_a_spin_past_the_time_limit(attack, small_server):
    text = """
import signal
for number in range(1, 32):
    if number not in (signal.SIGKILL, signal.SIGSTOP):
        signal.signal(number, signal.SIG_IGN)
while True: pass
"""
    assert "20 s" in run_out(attack(small_server, script(text), "out of time"), "time", "script_timeout")


@pytest.mark.threat(4)
def test_processor_time_of_all_processes_is_limited(attack, module_server):
    server = module_server(LAUNCHPOD_SCRIPT_CPU_TIME="5")
    outcome = attack(server, script("os.fork()\nos.fork()\nwhile True: pass"), "out of processor time")
    assert "5 s" in run_out(outcome, "processor time", "script_cpu_time")


@pytest.mark.threat(4)
def test_processor_time_is_limited_whatever_a_script_does_to_its_supervisor(attack, module_server):
    server = module_server(LAUNCHPOD_SCRIPT_CPU_TIME="3", LAUNCHPOD_SCRIPT_TIMEOUT="120")
    text = """
try:
    os.sched_setscheduler(1, os.SCHED_IDLE, os.sched_param(0))
except OSError:
    pass
for _ in range(60):
    if os.fork() == 0:
        break
while True: pass
"""
    outcome = attack(server, script(text), "out of processor time")
    assert "3 s" in run_out(outcome, "processor time", "script_cpu_time")


HOARD_CONNECTIONS = """
import socket
listener = socket.create_server(("127.0.0.1", 0))
held, pairs = 0, []
for _ in range(100):
    try:
        pairs.append((socket.create_connection(listener.getsockname(), timeout=1), listener.accept()[0]))
        for one in pairs[-1]:
            one.setblocking(False)
            while True:
                held += one.send(bytes(1 << 20))
    except OSError:
        pass
"""


@pytest.mark.threat(2)
def test_what_connections_hold_is_bounded(attack, small_server):
    """Memory of the kernel that all of a host's connections share: a control group of version 1 counts
    it apart, one of version 2 as any other."""
    outcome = attack(small_server, script(HOARD_CONNECTIONS + "print(held)"), {"succeeded", "out of memory"})
    if outcome.errors:
        run_out(outcome, "memory", "worker_memory")
    else:
        assert int(outcome.printed()) < 64 << 20


@pytest.mark.threat(2)
def test_the_limit_of_what_connections_hold_is_named(attack, small_server):
    text = HOARD_CONNECTIONS + "raise TimeoutError('too slow')"
    outcome = attack(small_server, script(text), {"script failed", "out of memory"})
    if "out of memory" in outcome.errors[1].text:
        run_out(outcome, "memory", "worker_memory")
    else:
        assert "too slow" in outcome.errors[1].text
        assert "the limit is 16 MiB that the system holds for them (tcp_memory in the configuration)" in outcome.errors[-1].text


FULL = {
    "/tmp": ("open('/tmp/fill', 'wb').write(b'x' * (257 << 20))", "file too large", "room in a file", "scratch_size", "256 MiB"),
    "/tmp in several files": (
        "for n in range(5): open(f'/tmp/fill{n}', 'wb').write(b'x' * (60 << 20))", "out of scratch space", "room in /tmp", "scratch_size", "256 MiB"),
    "/tmp by numpy": (
        "for n in range(5): np.zeros(60 << 20, 'uint8').tofile(f'/tmp/fill{n}')", "out of scratch space", "room in /tmp", "scratch_size", "256 MiB"),
    "/dev/shm": ("open('/dev/shm/fill', 'wb').write(b'x' * (65 << 20))", "out of shared memory", "room in /dev/shm", "shared_memory", "64 MiB"),
    "a mapping of /dev/shm": (
        "import mmap\nfile = open('/dev/shm/fill', 'wb+')\nfile.truncate(65 << 20)\n"
        "mmap.mmap(file.fileno(), 0).write(b'x' * (65 << 20))", "runtime lost", "signal 7", "shared_memory", "64 MiB"),
    "descriptors": ("hoard = [os.open('/dev/null', os.O_RDONLY) for n in range(2000)]", "too many open files", "open files", "open_files", "1024"),
    "locked memory": (
        "import ctypes, mmap\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "pages = mmap.mmap(-1, 16 << 20)\nbegin = ctypes.addressof(ctypes.c_char.from_buffer(pages))\n"
        "for offset in range(0, 16 << 20, 4096):\n"
        "    if libc.mlock(ctypes.c_void_p(begin + offset), 4096): raise OSError(ctypes.get_errno(), 'mlock')",
        "too much locked memory", "memory that it may lock", "locked_memory", "8 MiB"),
    "timers": (
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\ntimer = ctypes.c_void_p()\n"
        "for n in range(1000):\n"
        "    if libc.timer_create(0, None, ctypes.byref(timer)): raise OSError(ctypes.get_errno(), 'timer_create')",
        "too many signals", "signals and timers", "pending_signals", "128"),
    "a cause": (
        "try: hoard = [open('/dev/null') for n in range(2000)]\nexcept OSError as error: raise ValueError('no') from error",
        "too many open files", "open files", "open_files", "1024"),
}  # fmt: skip


@pytest.mark.threat(5, 7)
@pytest.mark.parametrize(("text", "ended", "resource", "setting", "value"), FULL.values(), ids=FULL)
def test_what_a_script_runs_into_is_named(attack, server, text, ended, resource, setting, value):
    errors = attack(server, script(text), ended).errors
    assert [error.number for error in errors][:2] in ([39127, 39019], [39012, 39019])
    sentence = errors[1].text
    assert all(word in sentence for word in (resource, setting, value, "in the configuration")), sentence
    # With the script's own error, unless a signal has ended it.
    assert "signal" in resource or "Traceback" in errors[2].text


@pytest.mark.threat(2)
def test_what_may_be_a_limit_is_named_as_such(attack, server):
    """The system says the same of too much memory to lock at once as of too large a mapping."""
    text = """
import ctypes, mmap
libc = ctypes.CDLL(None, use_errno=True)
pages = mmap.mmap(-1, 16 << 20)
if libc.mlock(ctypes.c_void_p(ctypes.addressof(ctypes.c_char.from_buffer(pages))), 16 << 20):
    raise OSError(ctypes.get_errno(), "mlock")
"""
    outcome = attack(server, script(text), "script failed")
    assert outcome.numbers == [39004, 39019]
    assert "If it was to lock memory: the limit of a process is 8 MiB (locked_memory" in outcome.errors[1].text


@pytest.mark.threat(6)
def test_the_limit_of_files_is_named(attack, small_server):
    text = "for n in range(2000): open(f'/tmp/{n}', 'w').close()"
    outcome = attack(small_server, script(text), "too many scratch files")
    assert "1000" in run_out(outcome, "files in /tmp", "scratch_files")
    assert "No space left on device" in outcome.errors[2].text


@pytest.mark.threat(5)
def test_every_writable_place_is_bounded(attack, server):
    text = """
import json
filled = {}
for folder, _, _ in os.walk("/"):
    if folder.startswith(("/proc", "/sys")) or not os.access(folder, os.W_OK):
        continue
    path = os.path.join(folder, "fill")
    try:
        file = os.open(path, os.O_CREAT | os.O_WRONLY, 0o600)
    except OSError:
        continue
    written = 0
    try:
        while written < 1 << 30: written += os.write(file, b"x" * (1 << 20))
    except OSError:
        pass
    os.close(file)
    os.unlink(path)
    filled[folder] = written
print(json.dumps(filled))
"""
    filled = json.loads(attack(server, script(text), "succeeded").printed())
    assert {"/tmp", "/dev/shm"} <= filled.keys() <= {"/tmp", "/dev/shm", "/dev/mqueue"}
    assert filled["/tmp"] == 256 << 20 and filled["/dev/shm"] == 64 << 20
    assert filled.get("/dev/mqueue", 0) == 0


@pytest.mark.threat(6)
def test_files_are_counted(attack, small_server):
    text = """
made = 0
try:
    while True:
        open(f"/tmp/{made}", "w").close()
        made += 1
except OSError as error:
    print(error.strerror, made < 1000)
"""
    assert attack(small_server, script(text), "succeeded").check().printed().strip() == "No space left on device True"


@pytest.mark.threat(7)
def test_descriptors_run_out_in_the_script_alone(attack, small_server):
    text = """
hoard = []
try:
    while True: hoard.append(os.open("/dev/null", os.O_RDONLY))
except OSError as error:
    kept = len(hoard)
    for file in hoard: os.close(file)
    print(error.strerror, kept < 1024)
"""
    assert attack(small_server, script(text), "succeeded").check().printed().strip() == "Too many open files True"


ENDLESS_OUTPUT = {
    "lines": "while True: print('x' * 100)",
    "stderr": "import sys\nwhile True: print('x' * 100, file=sys.stderr)",
    "one line": "while True: os.write(1, b'x' * (1 << 16))",
}


@pytest.mark.threat(8)
@pytest.mark.parametrize("text", ENDLESS_OUTPUT.values(), ids=ENDLESS_OUTPUT)
def test_messages_are_bounded(attack, small_server, text):
    outcome = attack(small_server, script(text), "too many messages")
    assert "1 MiB" in run_out(outcome, "room for messages", "message_size")
    written = outcome.texts(39005) + outcome.texts(39022)
    assert sum(map(len, written)) < 2 << 20 and max(map(len, written)) < 5000
    assert written[-1].endswith("[the rest of the output is left out]")


@pytest.mark.threat(8)
def test_the_bytes_of_a_result_are_bounded(attack, small_server):
    text = "OutputDataSet = pandas.DataFrame({'s': ['x' * (1 << 20)] * 64})"
    assert "16 MiB" in run_out(attack(small_server, script(text), "result too large"), "room for its result", "result_size")


@pytest.mark.threat(8)
def test_the_rows_of_a_result_are_bounded(attack, small_server):
    text = "OutputDataSet = pandas.DataFrame({'n': range(200000)})"
    assert "100000 rows" in run_out(attack(small_server, script(text), "too many rows"), "rows", "result_rows")


EXCEPTIONS = {
    "huge": ("raise ValueError('x' * (50 << 20))", "ValueError"),
    "deep": ("def f(): f()\nf()", "RecursionError"),
    "shy": ("class Shy(Exception):\n    def __str__(self): raise RuntimeError('no')\nraise Shy()", "Shy"),
    "nested": (
        "error = None\nfor n in range(100000):\n    new = ValueError(n); new.__cause__ = error; error = new\nraise error",
        "Error",
    ),
}


@pytest.mark.threat(9)
@pytest.mark.parametrize("text, name", EXCEPTIONS.values(), ids=EXCEPTIONS)
def test_an_exception_that_is_hard_to_show(attack, small_server, text, name):
    outcome = attack(small_server, script(text), "script failed")
    assert outcome.numbers == [39004, 39019]
    assert name in outcome.errors[1].text and len(outcome.errors[1].text) < 9000


@pytest.mark.threat(9)
def test_an_exception_that_never_ends_to_be_shown(attack, small_server):
    text = """
import time
class Slow(Exception):
    def __str__(self): time.sleep(3600)
raise Slow()
"""
    run_out(attack(small_server, script(text), "out of time"), "time", "script_timeout")


@pytest.mark.threat(10)
def test_a_thread_bomb(attack, small_server):
    text = "import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(3600,)).start()"
    run_out(attack(small_server, script(text), "out of processes"), "processes", "worker_processes")
