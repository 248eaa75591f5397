"""The SQL Server behind is away, goes away, doesn't answer, or is another one than we know."""

import threading

import pymssql
import pytest

from harness.behind import TRUST, Front
from harness.docker import wait_until
from harness.drivers import Pyodbc
from harness.scripts import DOCUMENTED, ENDLESS, script
from harness.tds_server import (
    ATTENDED,
    ATTENTION,
    BATCH,
    TdsServer,
    batch_text,
    done,
    error,
    row,
    transaction_begun,
    transaction_rolled_back,
)


@pytest.fixture
def front(tmp_path):
    server = Front(tmp_path)
    yield server
    server.clean_up()


def test_away_at_start_and_there_later(front):
    front.behind.start()
    address = front.behind.port
    front.behind.kill()
    front.start()
    # Other drivers take 40613 for an error that passes, and try again until they are tired.
    with pytest.raises(pymssql.OperationalError, match="40613.*not currently available"):
        pymssql.connect(front.host, front.user, front.password, port=str(front.port))
    wait_until(lambda: "isn't there" in front.log_text(), "a word in the log")
    front.behind.listen = address
    front.behind.start()
    with front.connect() as session:
        assert session.run(DOCUMENTED).value == 1


def test_lost_while_a_script_runs(front):
    front.start()
    running = front.in_background(f"{ENDLESS} SELECT 1 AS never")
    front.wait_for_script()
    front.behind.kill()
    with front_closed():
        running.result(timeout=120).check()
    front.wait_for_no_containers()


def test_lost_between_requests(front):
    front.start()
    with front.connect() as session:
        assert session.run("SELECT 1 AS a").value == 1
        front.behind.kill()
        with front_closed():
            session.run("SELECT 1 AS a").check()


def test_sigterm_with_idle_and_busy_clients(front):
    front.start()
    with front.connect() as session:
        session.run("SELECT 1 AS a").check()
        assert super(Front, front).stop() == 0, front.log_text()


@pytest.fixture
def make_front(tmp_path):
    """Makes a front before a server that is the test's own."""
    made = []

    def make(server: TdsServer, *flags: str) -> Front:
        front = Front(tmp_path, reach=("--database-encrypt", "optional", *TRUST, *flags))
        front.behind_address = server.address
        made.append(front)
        return front.start()

    yield make
    for front in made:
        front.clean_up()


def test_a_cancel_ends_the_search_for_a_definition(make_front):
    asked = threading.Event()

    def answer(kind: int, payload: bytes) -> bytes | None:
        if kind == ATTENTION:
            return done(ATTENDED)
        if kind == BATCH and "somewhere" in batch_text(payload):
            asked.set()
            return None
        return row(a=1)

    with TdsServer(answer=answer) as server:
        client = Pyodbc(make_front(server))
        client.cancel("EXEC somewhere", lambda: asked.wait(timeout=60))
        assert client.run("SELECT 1 AS a").sets == [[("1",)]]
        client.close()


@pytest.mark.parametrize("state", [row(depth=0, name="far", login="somebody"), error(102, "Incorrect syntax near '@@'.")])
def test_another_server_may_know_little(make_front, state):
    """One that has none of the functions that were added to SQL Server over time, tells a session's
    state or doesn't, and sends a token that nobody has described."""
    script_of_another = script("OutputDataSet = InputDataSet + 41", query="SELECT n FROM far", clause="WITH RESULT SETS ((n int))")
    asked = []

    def answer(kind: int, payload: bytes) -> bytes:
        if kind != BATCH:
            return done()
        text = batch_text(payload)
        asked.append(text)
        unknown = b"\xa8\x03\x00abc" + b"\x3c12345678" + b"\x11"
        answers = {
            "OBJECT_DEFINITION": error(195, "'OBJECT_DEFINITION' is not a recognized built-in function name."),
            "sys.sql_modules": unknown + row(id=7, text=f"CREATE PROCEDURE kept AS {script_of_another}", name="far"),
            "@@OPTIONS": error(137, 'Must declare the scalar variable "@@OPTIONS".'),
            "@@TRANCOUNT": state,
            "HAS_PERMS_BY_NAME": row(n=None),
            "IS_SRVROLEMEMBER": error(195, "'IS_SRVROLEMEMBER' is not a recognized built-in function name."),
            "N'db_owner'": row(n=0),
            "N'scripts'": row(n=1),
            "FROM far": unknown + row(n=1),
        }
        return next((tokens for part, tokens in answers.items() if part in text), row(a=text))

    with TdsServer(answer=answer) as server:
        front = make_front(server, "--database-script-role", "scripts")
        with front.connect() as session:
            for _ in range(2):
                assert session.run("EXEC kept").value == 42
            assert session.run("SELECT N'passes'").value == "SELECT N'passes'"
        # What it doesn't know it is asked once.
        assert sum("OBJECT_DEFINITION" in text for text in asked) == 1
        assert sum("@@OPTIONS" in text for text in asked) == 1
        front.wait_for_no_containers()


def test_the_search_for_a_definition_leaves_no_transaction(make_front):
    """Under IMPLICIT_TRANSACTIONS a query of a view begins one, of which the client knows nothing."""
    asked = []

    def answer(kind: int, payload: bytes) -> bytes:
        text = batch_text(payload)
        asked.append(text)
        if "sys.sql_modules" in text:
            return transaction_begun(7) + row(id=1, text="CREATE PROCEDURE kept AS RETURN 1", name="far")
        return transaction_rolled_back(7) + done() if text.startswith("ROLLBACK") else row(a=1)

    with TdsServer(answer=answer) as server, make_front(server).connect() as session:
        asked.clear()
        outcome = session.run("EXEC far.dbo.kept")
        assert (outcome.value, outcome.messages) == (1, [])
    assert ["sys.sql_modules" in asked[0], *asked[1:3]] == [True, "ROLLBACK TRANSACTION", "EXEC far.dbo.kept"]


def test_what_a_procedure_sets_is_asked_before_and_set_back(make_front):
    """A language sets the order of dates too, which a view tells: its query may begin a transaction."""
    asked = []
    text = "CREATE PROCEDURE kept AS SET LANGUAGE British; IF 1 = 0 EXEC sp_execute_external_script N'Python', N''"

    def answer(kind: int, payload: bytes) -> bytes:
        batch = batch_text(payload)
        asked.append(batch)
        if "dm_exec_sessions" in batch:
            return transaction_begun(7) + row(format="ymd")
        if "@@TRANCOUNT" in batch:
            return row(depth=0, name="far", login="somebody", options=0)
        if "@@LANGUAGE" in batch or "@@DATEFIRST" in batch:
            return row(value="'us_english'" if "@@LANGUAGE" in batch else "3")
        if "OBJECT_DEFINITION" in batch:
            return row(id=1, text=text, name="far")
        return transaction_rolled_back(7) + done() if batch.startswith("ROLLBACK") else done()

    with TdsServer(answer=answer) as server, make_front(server).connect() as session:
        session.run("EXEC kept").check()
        session.run("SELECT 1").check()
    first = next(place for place, batch in enumerate(asked) if "dm_exec_sessions" in batch)
    assert asked[first + 1 : first + 3] == ["ROLLBACK TRANSACTION", "SET LANGUAGE British"]
    assert asked[-2:] == ["SET LANGUAGE 'us_english'; SET DATEFIRST 3; SET DATEFORMAT ymd", "SELECT 1"]


def front_closed():
    """The client sees an error, or its connection end."""
    return pytest.raises(Exception)
