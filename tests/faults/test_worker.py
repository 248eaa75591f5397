"""Scripts that break their own worker, and workers that are broken from outside."""

import pytest

from harness.scripts import ENDLESS, script

pytestmark = pytest.mark.usefixtures("survives")

ROWS_FIRST = "OutputDataSet = pandas.DataFrame({'n': [1]})\n"


@pytest.mark.parametrize("code", [0, 1, 7])
def test_the_interpreter_ends_at_once(sql, code):
    outcome = sql.run(script(f"{ROWS_FIRST}os._exit({code})"))
    assert outcome.numbers[0] in (39004, 39012)
    assert outcome.sets == []


def test_the_script_closes_the_workers_socket(sql):
    outcome = sql.run(script(f"{ROWS_FIRST}os.close(3)"))
    assert outcome.numbers[0] in (39012, 39013)
    assert outcome.sets == []


def test_the_script_closes_every_file(sql):
    outcome = sql.run(script(f"{ROWS_FIRST}os.closerange(0, 1024)"))
    assert outcome.numbers[0] in (39012, 39013)


def test_the_script_kills_all_it_can(sql):
    outcome = sql.run(script("import signal\nos.kill(-1, signal.SIGKILL)\nos.kill(os.getpid(), signal.SIGKILL)"))
    assert outcome.numbers[0] in (39004, 39012)


def test_the_script_signals_the_first_process(sql):
    text = """
import signal
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL, signal.SIGSTOP, signal.SIGSEGV):
    try:
        os.kill(1, number)
    except PermissionError:
        pass
print("still here")
"""
    assert sql.run(script(text)).check().printed().strip() == "still here"


def test_a_crash_of_the_interpreter(sql):
    outcome = sql.run(script("import ctypes\nctypes.string_at(0)"))
    assert outcome.numbers[0] == 39012


def test_rubbish_on_the_workers_socket(sql):
    outcome = sql.run(script("os.write(3, b'\\xff' * 4096)\nimport time\ntime.sleep(60)"))
    assert outcome.numbers[0] == 39013


def test_the_worker_is_ended_from_outside(server):
    running = server.in_background(ENDLESS)
    server.kill_worker(server.wait_for_script())
    assert running.result(timeout=60).numbers[0] == 39012


def test_processes_left_in_the_background_end_with_the_script(sql):
    text = "import subprocess\nsubprocess.Popen(['sleep', '3600'], start_new_session=True)\nprint('done')"
    assert sql.run(script(text)).check().printed().strip() == "done"


def test_an_exception_that_cannot_be_shown(sql):
    text = """
class Shy(Exception):
    def __str__(self): raise RuntimeError("no")
raise Shy()
"""
    assert sql.run(script(text)).numbers == [39004, 39019]


def test_endless_recursion(sql):
    outcome = sql.run(script("def f(): f()\nf()"))
    assert outcome.numbers == [39004, 39019]
    assert "RecursionError" in outcome.errors[1].text
