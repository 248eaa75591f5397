"""The way back of a script when a SQL Server is behind: its caller's login opens the connections there."""

import pytest

from harness import loopback
from harness.docker import wait_until
from harness.loopback import PRELUDE, answers
from harness.scripts import script

REFUSED = """
try:
    open_connection()
except pymssql.Error as error:
    print("acts as somebody else" in str(error))
"""


@pytest.fixture(scope="module")
def lab(front):
    yield from loopback.lab(front)


@pytest.mark.parametrize("as_whom", ["USER = 'mary'", "LOGIN = 'mary_lab'", "USER = 'dbo'"])
def test_nobody_is_more_than_who_acts(sa_in_lab, as_whom):
    """The login could do more than who it acts as: it opens no connection for that."""
    call = script(PRELUDE + REFUSED)
    printed = sa_in_lab.run(f"EXECUTE AS {as_whom}; {call} REVERT").check().printed()
    assert printed.strip() == "True"
    sa_in_lab.run(f"EXECUTE AS {as_whom}").check()
    assert sa_in_lab.run(call).check().printed().strip() == "True"
    sa_in_lab.run("REVERT").check()
    assert answers(sa_in_lab, "print(ask('SELECT x FROM secret'))") == ["(42,)"]


def test_what_is_not_committed_ends_with_the_script(sa_in_lab):
    said = answers(sa_in_lab, """
connection = open_connection()
print(ask("BEGIN TRANSACTION; INSERT seen VALUES (5)", connection), ask("SELECT COUNT(*) FROM seen", connection))
""")  # fmt: skip
    assert said == ["None (2,)"]
    # The server has it from the connection's end, a moment later.
    outcome = sa_in_lab.run("SET LOCK_TIMEOUT 60000; INSERT seen VALUES (6); SET LOCK_TIMEOUT -1; SELECT x FROM seen")
    assert sorted(outcome.check().sets[-1].rows) == [(1,), (6,)]


def test_no_session_of_a_killed_script_stays(front, sa_in_lab):
    text = PRELUDE + """
held = [open_connection() for _ in range(16)]
ask("BEGIN TRANSACTION; INSERT seen VALUES (7)", held[0])
os.kill(os.getpid(), 9)
"""
    assert sa_in_lab.run(script(text)).numbers[0] == 39012
    front.wait_for_no_containers()
    own = "SELECT COUNT(*) FROM sys.dm_exec_sessions WHERE host_name = 'worker'"
    wait_until(lambda: sa_in_lab.run(own).value == 0, "no session of the script's")
    assert sa_in_lab.run("SELECT x FROM seen").rows == [(1,)]
