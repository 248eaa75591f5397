"""39127, with the reason named. More is proved in tests/isolation."""

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


def test_memory_taken_by_a_child(make_server):
    server = make_server(LAUNCHPOD_WORKER_MEMORY="256")
    text = """
import subprocess, sys
subprocess.run([sys.executable, "-c", "x = [bytearray(b'x' * (1 << 20)) for _ in range(2048)]"], check=True)
"""
    with server.connect() as session:
        assert session.run(script(text)).numbers[0] == 39127


def test_more_scripts_than_workers_wait_for_their_turn(make_server):
    server = make_server(LAUNCHPOD_WORKERS="1", LAUNCHPOD_QUEUE_TIMEOUT="240")
    waiting = [server.in_background(DOCUMENTED) for _ in range(4)]
    assert [one.result(timeout=240).value for one in waiting] == [1, 1, 1, 1]
