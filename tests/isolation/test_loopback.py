"""The way back from a script to its database: as its caller, no further, and no longer than the call."""

import pytest

from harness.docker import wait_until
from harness.loopback import PRELUDE, answers
from harness.scripts import script


def test_a_script_may_what_its_caller_may(mary):
    said = answers(mary, """
print(ask("EXEC sp_configure 'external scripts enabled', 0"), ask("CREATE LOGIN eve WITH PASSWORD = 'aA1-aA1-aA1'"))
""")  # fmt: skip
    assert said == ["15247 15247"]


def test_a_script_is_who_its_caller_acts_as(sa_in_lab):
    """Nothing that a driver can send makes the session its caller's caller."""
    text = """
connection = open_connection()
for batch in ("", "REVERT", "EXECUTE AS LOGIN = 'sa'", "EXEC sp_reset_connection", "REVERT"):
    if batch:
        print(ask(batch, connection), end=" ")
    print(ask("SELECT SUSER_SNAME(), IS_SRVROLEMEMBER('sysadmin')", connection), ask("SELECT x FROM secret", connection))
connection.close()
"""
    sa_in_lab.run("EXECUTE AS USER = 'mary'").check()
    said = answers(sa_in_lab, text)
    sa_in_lab.run("REVERT").check()
    assert len(said) == 5
    assert all("('mary_lab', 0) 229" in line for line in said), said


def test_a_reset_of_the_connection_changes_nobody(sa_in_lab):
    """The reset as drivers' pools send it: a bit of the packet's header ([MS-TDS] 2.2.3.1.2)."""
    text = """
import socket, struct
def read(stream):
    header = b""
    while len(header) < 8:
        header += stream.recv(8 - len(header)) or sys.exit("closed")
    length = struct.unpack(">H", header[2:4])[0] - 8
    body = b""
    while len(body) < length:
        body += stream.recv(length - len(body)) or sys.exit("closed")
    return header, body
# A relay that sets the bit in each batch.
import threading
front = socket.create_server(("127.0.0.1", 0))
def relay():
    script, _ = front.accept()
    server = socket.create_connection(("127.0.0.1", 1433))
    threading.Thread(target=lambda: [script.sendall(piece) for piece in iter(lambda: server.recv(4096), b"")], daemon=True).start()
    while True:
        header, body = read(script)
        if header[0] == 1:
            header = bytes([header[0], header[1] | 8]) + header[2:]
        server.sendall(header + body)
threading.Thread(target=relay, daemon=True).start()
connection = pymssql.connect("127.0.0.1", "x", "", port=str(front.getsockname()[1]), autocommit=True,
                             encryption="off")
for _ in range(2):
    print(ask("SELECT SUSER_SNAME(), IS_SRVROLEMEMBER('sysadmin')", connection), ask("SELECT x FROM secret", connection))
"""
    sa_in_lab.run("EXECUTE AS USER = 'mary'").check()
    said = answers(sa_in_lab, text)
    sa_in_lab.run("REVERT").check()
    assert said == ["('mary_lab', 0) 229"] * 2


def test_a_change_that_waits_for_its_own_caller_is_a_deadlocks_victim(sa_in_lab):
    sa_in_lab.run("BEGIN TRANSACTION; INSERT seen VALUES (2)").check()
    said = answers(sa_in_lab, """
connection = open_connection()
print(ask("SELECT COUNT(*) FROM seen", connection))
print(ask("BEGIN TRANSACTION; INSERT seen VALUES (3)", connection), ask("SELECT @@TRANCOUNT", connection))
caught = "BEGIN TRY INSERT seen VALUES (3) END TRY BEGIN CATCH SELECT ERROR_NUMBER(), XACT_STATE() END CATCH"
print(ask(caught, connection), ask("BEGIN TRANSACTION; " + caught, connection))
""")  # fmt: skip
    assert said == ["(1,)", "1205 (0,)", "(1205, 0) (1205, -1)"]
    # The caller's own transaction goes on.
    assert sa_in_lab.run("INSERT seen VALUES (4); COMMIT; SELECT COUNT(*) FROM seen").sets[-1].value == 3


def test_what_is_not_committed_ends_with_the_script(sa_in_lab):
    said = answers(sa_in_lab, """
connection = open_connection()
print(ask("BEGIN TRANSACTION; INSERT seen VALUES (5)", connection), ask("SELECT COUNT(*) FROM seen", connection))
""")  # fmt: skip
    assert said == ["None (2,)"]
    # At once: nobody holds the lock any more, and nothing is there.
    outcome = sa_in_lab.run("SET LOCK_TIMEOUT 0; INSERT seen VALUES (6); SET LOCK_TIMEOUT -1; SELECT x FROM seen")
    assert sorted(outcome.check().sets[-1].rows) == [(1,), (6,)]


def test_a_script_that_is_killed_within_a_change_leaves_nothing(server, sa_in_lab):
    text = PRELUDE + """
import threading
connection = open_connection()
ask("BEGIN TRANSACTION; INSERT seen VALUES (7)", connection)
threading.Thread(target=ask, args=("SELECT COUNT(*) FROM sys.objects a, sys.objects b, sys.objects c, sys.objects d",)).start()
os.kill(os.getpid(), 9)
"""  # fmt: skip
    assert sa_in_lab.run(script(text)).numbers[0] == 39012
    server.wait_for_no_containers()
    own = "SELECT COUNT(*) FROM sys.dm_exec_sessions WHERE program_name <> 'pytds' AND host_name = 'worker'"
    wait_until(lambda: sa_in_lab.run(own).value == 0, "no session of the script's")
    assert sa_in_lab.run("SELECT x FROM seen").rows == [(1,)]


def test_logins_are_counted(sql):
    count = "SELECT cntr_value FROM sys.dm_os_performance_counters WHERE counter_name = 'Implied Auth. Logins'"
    before = sql.run(count).value
    answers(sql, "for _ in range(3): open_connection().close()")
    wait_until(lambda: sql.run(count).value == before + 3, "three logins counted")


def test_a_script_within_a_script_runs_if_a_worker_is_free(make_server):
    server = make_server(LAUNCHPOD_WORKERS_PER_IDENTITY="2")
    inner = script("OutputDataSet = pandas.DataFrame({'n': [6 * 7]})", clause="WITH RESULT SETS ((n int))")
    deepest = script(PRELUDE + f"print(ask({inner!r}))")
    with server.connect() as session:
        assert answers(session, f"print(ask({inner!r}))") == ["(42,)"]
        # The third would wait for the first: it is told at once.
        said = session.run(script(PRELUDE + f"""
cursor = open_connection().cursor()
cursor.execute({deepest!r})
"""))  # fmt: skip
        said.check()
        innermost = server.log_text().count("error=39110")
        assert innermost == 1, server.log_text()
        assert session.run(inner).value == 42
    assert server.stop() == 0


def test_connections_are_so_many_and_the_next_waits_for_its_turn(make_server):
    server = make_server(LAUNCHPOD_SCRIPT_CONNECTIONS="3")
    with server.connect() as session:
        said = answers(session, """
import threading
held = [open_connection() for _ in range(3)]
print(len({ask("SELECT @@SPID", connection) for connection in held}))
for _ in range(20):
    held.pop(0).close()
    held.append(open_connection())
waiting = threading.Thread(target=lambda: print(ask("SELECT 17")))
waiting.start()
waiting.join(1)
print(waiting.is_alive())
held.pop().close()
waiting.join()
""")  # fmt: skip
        assert said == ["3", "True", "(17,)"]
        outcome = session.run(script(PRELUDE + "held = [open_connection() for _ in range(4)]"))
    assert outcome.numbers[:2] == [39004, 39019]
    limit = "maximum number of '3' user connections has already been reached. A script may have so many at once"
    assert limit in outcome.errors[1].text and "script_connections" in outcome.errors[1].text
    assert server.stop() == 0


def test_few_open_files_make_few_connections(make_server):
    """The supervisor, too, has only so many descriptors: it must not run out of them."""
    server = make_server(LAUNCHPOD_OPEN_FILES="64")
    with server.connect() as session:
        outcome = session.run(script(PRELUDE + """
held = []
while True:
    held.append(open_connection())
    print(len(held), flush=True)
"""))  # fmt: skip
    assert outcome.printed().split() == ["1", "2", "3", "4"], outcome.errors
    assert "A script may have so many at once (open_files in the configuration)" in outcome.errors[1].text
    assert server.stop() == 0


def test_rubbish_harms_its_own_connection_only(server, sql):
    text = PRELUDE + """
import socket
def say(*pieces):
    with socket.create_connection(("127.0.0.1", 1433), timeout=60) as stream:
        try:
            for piece in pieces:
                stream.sendall(piece)
            return len(stream.recv(4096))
        except OSError:
            return 0
print([say(b"GET / HTTP/1.0\\r\\n\\r\\n"), say(b"\\xff" * 5000), say(b"\\x12\\x01\\xff\\xff" + bytes(70000))] != None)
for _ in range(200):
    socket.create_connection(("127.0.0.1", 1433)).close()
left_open = [socket.create_connection(("127.0.0.1", 1433)) for _ in range(10)]
left_open[0].sendall(b"\\x12")
print(ask("SELECT 1"))
"""
    assert sql.run(script(text)).check().printed().splitlines() == ["True", "(1,)"]
    server.wait_for_no_containers()


@pytest.mark.threat(23)
def test_where_it_is_closed_there_is_no_socket(attack, make_server):
    server = make_server(LAUNCHPOD_PYTHON_LOOPBACK="false")
    text = """
import launchpod, socket
try:
    launchpod.connect()
except launchpod.LoopbackError as error:
    print(error)
for family in (socket.AF_INET, socket.AF_INET6):
    try:
        socket.socket(family)
    except PermissionError as error:
        print(error.errno)
"""
    printed = attack(server, script(text), "succeeded").printed().splitlines()
    assert "python_loopback" in printed[0] and printed[1:] == ["1", "1"]
    assert server.stop() == 0


def test_a_server_that_stops_lets_a_script_finish(make_server):
    """Its clients' connections close, the script's is served until the script has ended."""
    server = make_server(LAUNCHPOD_GRACE="60")
    with server.connect() as session:
        session.run("CREATE TABLE marks (n int)").check()
    running = server.in_background(script(PRELUDE + """
connection = open_connection()
ask("INSERT marks VALUES (1)", connection)
import time
time.sleep(5)
ask("INSERT marks VALUES (2)", connection)
"""))  # fmt: skip
    with server.connect() as session:
        wait_until(lambda: session.run("SELECT COUNT(*) FROM marks").value == 1, "the first mark")
    assert server.stop() == 0, server.log_text()
    running.result(timeout=60)
    server.start()
    with server.connect() as session:
        assert session.run("SELECT COUNT(*) FROM marks").value == 2
    assert server.stop() == 0


def test_the_fast_backend_has_it_too(make_server):
    server = make_server(LAUNCHPOD_SANDBOX="fast")
    with server.connect() as session:
        assert answers(session, "print(ask('SELECT SUSER_SNAME()'))") == ["('sa',)"]
    assert server.stop() == 0, server.log_text()
