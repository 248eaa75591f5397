"""39127: out of memory, processes or time, with the reason named."""

from harness.scripts import DOCUMENTED, ENDLESS, script


def test_a_script_that_never_ends(make_server):
    server = make_server(LAUNCHPOD_SCRIPT_TIMEOUT="3")
    with server.connect() as session:
        outcome = session.run(ENDLESS)
        assert outcome.numbers == [39127, 39019]
        assert "ran out of resources" in outcome.errors[0].text
        assert "ran out of time: the limit is 3 s" in outcome.errors[1].text
        server.wait_for_no_containers()
        assert session.run(DOCUMENTED).value == 1


def test_a_script_that_ignores_signals_and_never_ends(make_server):
    server = make_server(LAUNCHPOD_SCRIPT_TIMEOUT="3")
    text = """
import signal
for number in range(1, 32):
    if number not in (signal.SIGKILL, signal.SIGSTOP):
        signal.signal(number, signal.SIG_IGN)
while True: pass
"""
    with server.connect() as session:
        assert session.run(script(text)).numbers == [39127, 39019]
        server.wait_for_no_containers()


def test_memory(make_server):
    server = make_server(LAUNCHPOD_WORKER_MEMORY="256")
    with server.connect() as session:
        outcome = session.run(script("hoard = [bytearray(b'x' * (1 << 20)) for _ in range(2048)]"))
        assert outcome.numbers == [39127, 39019]
        assert "ran out of memory: the limit is 256 MiB" in outcome.errors[1].text
        server.wait_for_no_containers()
        assert session.run(DOCUMENTED).value == 1


def test_memory_taken_by_a_child(make_server):
    server = make_server(LAUNCHPOD_WORKER_MEMORY="256")
    text = """
import subprocess, sys
subprocess.run([sys.executable, "-c", "x = [bytearray(b'x' * (1 << 20)) for _ in range(2048)]"], check=True)
"""
    with server.connect() as session:
        assert session.run(script(text)).numbers[0] == 39127


def test_a_fork_bomb(make_server):
    server = make_server(LAUNCHPOD_WORKER_PROCESSES="64")
    text = "while True: os.fork()"
    with server.connect() as session:
        outcome = session.run(script(text))
        assert outcome.numbers[:2] == [39127, 39019]
        assert "ran out of processes: the limit is 64" in outcome.errors[1].text
        server.wait_for_no_containers()
        assert session.run(DOCUMENTED).value == 1


def test_the_scratch_folder_is_bounded(sql):
    text = """
try:
    with open("/tmp/fill", "wb") as file:
        for _ in range(4096):
            file.write(b"x" * (1 << 20))
except OSError as error:
    print(error.strerror)
"""
    printed = sql.run(script(text)).check().printed().strip()
    assert printed in ("No space left on device", "File too large")


def test_more_scripts_than_worker_accounts_wait_for_their_turn(make_server):
    server = make_server(LAUNCHPOD_WORKER_ACCOUNTS="1")
    waiting = [server.in_background(DOCUMENTED) for _ in range(4)]
    assert [one.result(timeout=240).value for one in waiting] == [1, 1, 1, 1]
