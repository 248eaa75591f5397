"""The SQL Server behind is away, goes away, doesn't answer, or is another one than we know."""

import threading
from pathlib import Path

import pymssql
import pytds
import pytest

from harness.behind import TRUST, Front
from harness.docker import wait_until
from harness.drivers import Pyodbc
from harness.recording import Recording
from harness.scripts import DOCUMENTED, ENDLESS, script
from harness.tds_server import (
    ATTENDED,
    ATTENTION,
    BATCH,
    RPC,
    TdsServer,
    batch_text,
    database_changed,
    done,
    error,
    info,
    returned,
    row,
    rows,
    transaction_begun,
    transaction_rolled_back,
)


RECORDED = Path(__file__).parent / "recorded"
# Has the interpreter run a batch, and no script.
INTERPRETED = "IF 1 = 0 EXEC sp_execute_external_script N'Python', N'';\n"


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


@pytest.mark.parametrize(
    ("known", "numbers"), [(row(n=1), [262]), (row(n=0), []), (error(208, "Invalid object name 'sys.fn_builtin_permissions'."), [])]
)
def test_a_role_runs_scripts_where_nobody_can_be_given_the_permission(make_front, known, numbers):
    """Some servers know the permission's name, and say of everybody that they lack it."""
    asked = []

    def answer(kind: int, payload: bytes) -> bytes:
        text = batch_text(payload)
        asked.append(text)
        answers = {
            "@@TRANCOUNT": row(depth=0, name="far", login="somebody", options=0),
            "HAS_PERMS_BY_NAME(N'far'": row(any=0, one=0),
            "IS_SRVROLEMEMBER": row(n=0),
            "fn_builtin_permissions": known,
            "N'db_owner'": row(n=0),
            "N'scripts'": row(n=1),
        }
        return next((tokens for part, tokens in answers.items() if part in text), done())

    with TdsServer(answer=answer) as server:
        front = make_front(server, "--database-script-role", "scripts")
        with front.connect() as session:
            for _ in range(2):
                assert session.run(script("print(1)")).numbers == numbers
        # It is asked for once.
        assert sum("fn_builtin_permissions" in text for text in asked) == 1
        front.wait_for_no_containers()


def test_a_session_that_stays_somebody_else_ends(make_front):
    """EXECUTE AS of a procedure can't be reverted: nobody goes on as who that was."""
    asked = []
    text = "CREATE PROCEDURE kept AS EXECUTE AS USER = 'low'; IF 1 = 0 EXEC sp_execute_external_script N'Python', N''"

    def answer(kind: int, payload: bytes) -> bytes:
        batch = batch_text(payload)
        asked.append(batch)
        answers = {
            "@@TRANCOUNT": row(depth=0, name="far", login="somebody", options=0),
            "OBJECT_DEFINITION": row(id=1, text=text, name="far"),
            "REVERT": error(15199, "The current security context cannot be reverted."),
        }
        return next((tokens for part, tokens in answers.items() if part in batch), row(n=0))

    with TdsServer(answer=answer) as server, make_front(server).connect() as session:
        with front_closed():
            session.run("EXEC kept; SELECT N'never'").check()
            session.run("SELECT N'never'").check()
    assert "EXECUTE AS USER = 'low'" in asked and "USE [far]; REVERT" in asked
    assert not any("never" in batch for batch in asked)


def test_a_servers_cursor_over_a_script_is_refused(make_front):
    """The server would say that it has no such procedure; a cursor over anything else is the server's."""
    calls = []

    def answer(kind: int, payload: bytes) -> bytes:
        calls.extend([payload] if kind == RPC else [])
        return done(token=0xFE) if kind == RPC else row(a=1)

    def opened(session, text: str):
        return session.call("sp_cursoropen", pytds.output(param_type="int"), text, 1, 1)

    with TdsServer(answer=answer) as server, make_front(server).connect() as session:
        refused = opened(session, script("pass"))
        assert refused.numbers == [40510] and "sp_cursoropen of an external script" in refused.errors[0].text
        assert not calls
        opened(session, "SELECT 1 AS a").check()
        assert len(calls) == 1
        assert session.run("SELECT 1 AS a").value == 1


def test_a_lacking_permission_is_explained_in_any_words(make_front):
    """Babelfish's own number for it stands for many errors."""
    text = "CREATE PROCEDURE kept AS SELECT x FROM secret; IF 1 = 0 EXEC sp_execute_external_script N'Python', N''"

    def answer(kind: int, payload: bytes) -> bytes:
        batch = batch_text(payload)
        answers = {
            "@@TRANCOUNT": row(depth=0, name="far", login="somebody", options=0),
            "OBJECT_DEFINITION": row(id=1, text=text, name="far"),
            "FROM secret": error(33557097, "permission denied for table secret"),
        }
        return next((tokens for part, tokens in answers.items() if part in batch), done())

    with TdsServer(answer=answer) as server, make_front(server).connect() as session:
        (refused,) = session.run("EXEC kept").errors
        assert refused.number == 33557097 and "with the caller's own permissions" in refused.text


def test_a_change_of_database_is_told_once(make_front):
    """Babelfish tells it by a message without a number."""

    def answer(kind: int, payload: bytes) -> bytes:
        if "USE" in batch_text(payload):
            return database_changed("far") + info(0, "Changed database context to 'far'.") + done()
        return row(a=1)

    with TdsServer(answer=answer) as server, make_front(server).connect() as session:
        outcome = session.run(f"{INTERPRETED}USE far").check()
        assert [(told.number, told.text) for told in outcome.messages] == [(5701, "Changed database context to 'far'.")]


def test_a_servers_cursor_in_a_text_is_refused(make_front):
    """As in an RPC; a text without a script passes whole, whatever procedures it calls."""
    batches, calls = [], []

    def answer(kind: int, payload: bytes) -> bytes:
        if kind != BATCH:
            calls.extend([payload] if kind == RPC else [])
            return done(ATTENDED if kind == ATTENTION else 0)
        text = batch_text(payload)
        batches.append(text)
        if "OBJECT_DEFINITION" in text:
            kept = f"CREATE PROCEDURE kept AS {script('pass')}" if "kept" in text else None
            return row(id=7, text=kept, name="far")
        return row(text="EXEC kept") if "CAST" in text else row(depth=0, name="far", login="somebody", options=0)

    def opened(text: str) -> str:
        quoted = text.replace("'", "''")
        return f"DECLARE @c int; EXEC sp_cursoropen @c OUTPUT, N'{quoted}', 1, 1"

    with TdsServer(answer=answer) as server, make_front(server).connect() as session:
        for text in (opened(script("pass")), f"{INTERPRETED}{opened('EXEC kept')}"):
            refused = session.run(text)
            assert refused.numbers == [40510] and "sp_cursoropen of an external script" in refused.errors[0].text
        prepared = session.run(f"{INTERPRETED}DECLARE @h int, @c int, @q nvarchar(99) = N'EXEC kept'; EXEC sp_cursorprepexec @h OUTPUT, @c OUTPUT, NULL, @q")
        assert prepared.numbers == [40510]
        assert not any("sp_cursor".encode("utf-16-le") in call for call in calls)
        session.run(opened("SELECT 1 AS a")).check()
        assert batches[-1] == opened("SELECT 1 AS a")


def test_a_servers_table_type_is_made_again(make_front):
    """The server makes the table; its catalog tells the rest."""
    asked = []
    parts = {
        "FROM sys.types t": row(base="#dbo.Lines"),
        "sys.table_types": rows(
            ("kind", "a", "b", "name", "text", "flags"),
            (0, 3, 0, None, None, 0), (1, 3, 0, "twice", "([a]*(2))", 0), (2, 1, 0, "a", "((7))", 0),
            (3, 9, 0, None, "([a]>(0))", 0), (4, 1, 1, "a", None, 5), (4, 2, 1, "b", None, 2),
        ),
        "tempdb.sys.columns": rows(("name",), ("a",), ("b",)),
        "OBJECT_DEFINITION": row(id=3, text=None, name="far"),
    }  # fmt: skip

    def answer(kind: int, payload: bytes) -> bytes:
        if kind != BATCH:
            asked.append(payload[22:].decode("utf-16-le", "replace"))
            return returned(4) + done(token=0xFE)
        asked.append(batch_text(payload))
        found = next((tokens for part, tokens in parts.items() if part in asked[-1]), None)
        return found or row(depth=0, name="far", login="somebody", options=0)

    with TdsServer(answer=answer) as server, make_front(server).connect() as session:
        outcome = session.run(f"{INTERPRETED}DECLARE @t dbo.Lines, @rc int; EXEC @rc = takes @t; SELECT 1")
        assert outcome.numbers == []
        made = asked.index("DECLARE @launchpod_table [dbo].[Lines]; SELECT * INTO [#@t 1] FROM @launchpod_table")
        assert asked[made + 1 : made + 7] == [
            "ALTER TABLE [#@t 1] DROP COLUMN [twice]",
            "ALTER TABLE [#@t 1] ADD [twice] AS ([a]*(2))",
            "ALTER TABLE [#@t 1] ADD DEFAULT ((7)) FOR [a]",
            "ALTER TABLE [#@t 1] ADD CHECK ([a]>(0))",
            "ALTER TABLE [#@t 1] ADD PRIMARY KEY CLUSTERED ([a])",
            "ALTER TABLE [#@t 1] ADD UNIQUE NONCLUSTERED ([b])",
        ]
        filled = "DECLARE @launchpod_argument_0 [dbo].[Lines]; INSERT INTO @launchpod_argument_0 ([a], [b]) SELECT [a], [b] FROM [#@t 1]"
        assert any(filled in text for text in asked)
        parts["sys.table_types"] = rows(("kind", "a", "b", "name", "text", "flags"), (3, 9, 0, None, None, 0))
        refused = session.run(f"{INTERPRETED}DECLARE @t dbo.Lines")
        assert refused.numbers == [40510] and "GRANT VIEW DEFINITION ON TYPE::[dbo].[Lines]" in refused.errors[0].text


@pytest.mark.parametrize("token", [bytes.fromhex("ed 0400 01020304"), bytes.fromhex("ee 04000000 00000000")])
def test_a_server_that_wants_another_kind_of_login(make_front, token):
    """SSPI and FEDAUTHINFO, [MS-TDS] 2.2.7.22 and 2.2.7.12, in answer to a name and a password."""
    with TdsServer(login=token + done()) as server:
        front = make_front(server)
        with pytest.raises(pytds.Error, match="use a SQL login"):
            front.connect()


def test_a_login_that_the_server_refuses_says_its_reasons(make_front):
    """The database (4060), and the login that fails for it (18456), as they come."""
    refused = error(4060, 'Cannot open database "nowhere" requested by the login.')[:-13] + error(18456, "Login failed for user 'sa'.")
    with TdsServer(login=refused) as server:
        front = make_front(server)
        with pytest.raises(pytds.Error, match="Cannot open database.*Login failed for user"):
            front.connect(database="nowhere")


def test_a_server_that_tells_nothing_of_transactions(make_front):
    """Babelfish says nothing of a transaction before something is changed in it, nor when it has rolled
    one back for an error; it counts the rows of a SET, and names columns by variables."""
    recording = Recording(RECORDED / "babelfish-transactions.jsonl")
    with TdsServer(recording.login, recording.answer) as server, make_front(server).connect() as session:
        outcome = session.run(f"""{INTERPRETED}BEGIN TRAN
INSERT INTO kept (n) VALUES (1), (2)
SELECT @@ROWCOUNT, SCOPE_IDENTITY() AS last
SAVE TRAN half
ROLLBACK TRAN half
SELECT @@TRANCOUNT AS depth
COMMIT
SELECT @@TRANCOUNT AS depth""").check()
        assert [only.rows for only in outcome.sets] == [[(2, 8)], [(1,)], [(0,)]]
        assert (outcome.sets[0].names, outcome.counts) == (["", "last"], [2, 1, 1, 1])
        outcome = session.run(f"""{INTERPRETED}SET XACT_ABORT ON
BEGIN TRAN
BEGIN TRY
  INSERT INTO kept (n) VALUES (100)
END TRY
BEGIN CATCH
  SELECT XACT_STATE() AS state, @@TRANCOUNT AS depth, ERROR_NUMBER() AS number
  ROLLBACK
  SELECT XACT_STATE() AS state, @@TRANCOUNT AS depth
END CATCH
SET XACT_ABORT OFF""").check()
        assert [only.rows for only in outcome.sets] == [[(-1, 1, 547)], [(0, 0)]]
        outcome = session.run(f"""{INTERPRETED}BEGIN TRAN
BEGIN TRY
  SELECT * FROM nowhere
END TRY
BEGIN CATCH
  SELECT XACT_STATE() AS state
END CATCH
IF @@TRANCOUNT > 0 ROLLBACK
SELECT @@TRANCOUNT AS depth""").check()
        assert [only.rows for only in outcome.sets] == [[(0,)], [(0,)]]
    assert recording.next == len(recording.exchanges)


def front_closed():
    """The client sees an error, or its connection end."""
    return pytest.raises(Exception)
