"""The way back of a script when a SQL Server is behind: its caller's login opens the connections there."""

import pytest

from harness.docker import wait_until
from harness.scripts import script
from harness.server import PASSWORD

from .test_loopback import PRELUDE, answers

SECRET = "It's-1-secret"
REFUSED = """
try:
    open_connection()
except pymssql.Error as error:
    print("acts as somebody else" in str(error))
"""


@pytest.fixture(scope="module")
def lab(front):
    """A database of the server's with a table that mary may read and one that she may not."""
    with front.connect() as sa:
        for batch in (
            "CREATE DATABASE lab", "USE lab",
            "CREATE TABLE seen (x int); INSERT seen VALUES (1); CREATE TABLE secret (x int); INSERT secret VALUES (42)",
            f"CREATE LOGIN mary_lab WITH PASSWORD = '{SECRET.replace(chr(39), chr(39) * 2)}', DEFAULT_DATABASE = lab",
            "CREATE USER mary FOR LOGIN mary_lab; GRANT SELECT, INSERT ON seen TO mary",
            "GRANT EXECUTE ANY EXTERNAL SCRIPT TO mary",
        ):  # fmt: skip
            sa.run(batch).check()
        yield
        sa.run("USE master").check()
        for batch in ("DROP DATABASE lab", "DROP LOGIN mary_lab"):
            sa.run(batch).check()


@pytest.fixture
def mary(front, lab):
    with front.connect(user="mary_lab", password=SECRET) as session:
        yield session


@pytest.fixture
def sa_in_lab(front, lab):
    with front.connect(database="lab") as session:
        yield session
        session.run("IF @@TRANCOUNT > 0 ROLLBACK; DELETE seen WHERE x <> 1").check()


def test_a_script_is_its_caller(mary):
    said = answers(mary, """
print(ask("SELECT SUSER_SNAME(), USER_NAME(), ORIGINAL_LOGIN(), DB_NAME()"))
print(ask("SELECT x FROM seen"), ask("SELECT x FROM secret"), ask("DELETE seen"))
print(ask("SELECT SUSER_SNAME(), DB_NAME()", open_connection("tempdb")))
try:
    open_connection("nowhere")
except pymssql.OperationalError as error:
    print("Login failed for user 'mary_lab'" in str(error))
""")  # fmt: skip
    assert said == ["('mary_lab', 'mary', 'mary_lab', 'lab')", "(1,) 229 229", "('mary_lab', 'tempdb')", "True"]


def test_a_login_with_another_name_is_still_the_caller(mary):
    said = answers(mary, f"""
connection = pymssql.connect("127.0.0.1", "sa", {PASSWORD!r}, autocommit=True)
print(ask("SELECT SUSER_SNAME()", connection), ask("SELECT x FROM secret", connection))
""")  # fmt: skip
    assert said == ["('mary_lab',) 229"]


def test_a_script_is_in_its_callers_database(sa_in_lab):
    sa_in_lab.run("USE tempdb").check()
    assert answers(sa_in_lab, "print(ask('SELECT DB_NAME()'))") == ["('tempdb',)"]
    sa_in_lab.run("USE lab").check()


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


def test_a_script_within_a_script(sa_in_lab):
    inner = script("OutputDataSet = pandas.DataFrame({'n': [6 * 7]})", clause="WITH RESULT SETS ((n int))")
    assert answers(sa_in_lab, f"print(ask({inner!r}))") == ["(42,)"]
