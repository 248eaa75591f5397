"""What of a session's state a batch with an external script finds and leaves at a SQL Server behind."""

import pytds
import pytest

from harness.drivers import Pyodbc
from harness.pool import Pool
from harness.scripts import script
from harness.tds import Session

# Has the interpreter run a batch, and no script.
INTERPRETED = "IF 1 = 0 EXEC sp_execute_external_script N'Python', N'';\n"


def test_the_next_batch_knows_the_error_and_the_count(table_behind):
    assert table_behind.run(f"{INTERPRETED}INSERT INTO kept (n) VALUES (100)").numbers == [547]
    assert table_behind.run("SELECT @@ERROR AS e").value == 547
    assert table_behind.run("SELECT @@ERROR AS e").value == 0
    failing = script("raise ValueError('no')")
    assert table_behind.run(failing).numbers[0] == 39004
    assert table_behind.run("IF @@ERROR = 0 SELECT N'none' ELSE SELECT N'some'").value == "some"
    table_behind.run(f"{INTERPRETED}INSERT INTO kept (n) VALUES (1), (2), (3)").check()
    assert table_behind.run("DECLARE @n int = @@ROWCOUNT; SELECT @n AS n").value == 3
    # What the server has run counts as well, before a batch with a script and one without.
    assert table_behind.run("INSERT INTO kept (n) VALUES (100)").numbers == [547]
    assert table_behind.run(f"SELECT @@ERROR AS e; {INTERPRETED}").value == 547
    table_behind.run("CREATE PROCEDURE plain AS SELECT 5 AS five").check()
    try:
        table_behind.run("UPDATE kept SET t = N'x' WHERE n < 3").check()
        outcome = table_behind.run("SELECT @@ROWCOUNT AS n; EXEC plain").check()
        assert [only.value for only in outcome.sets] == [2, 5]
    finally:
        table_behind.run("DROP PROCEDURE plain").check()


def test_the_next_batch_knows_the_identity(table_behind):
    table_behind.run("INSERT INTO kept (n) VALUES (1)").check()
    assert table_behind.run(f"{INTERPRETED}SELECT SCOPE_IDENTITY() AS id").value == 7
    table_behind.run(f"{INTERPRETED}DECLARE @n int = 2; INSERT INTO kept (n) VALUES (@n)").check()
    assert table_behind.run("SELECT SCOPE_IDENTITY() AS id").value == 8
    table_behind.run("SELECT 1 AS a").check()
    assert table_behind.run("SELECT SCOPE_IDENTITY() AS id").value == 8
    assert table_behind.run("SELECT @@IDENTITY AS id").value == 8
    table_behind.run("INSERT INTO kept (n) VALUES (3)").check()
    assert table_behind.run("SELECT SCOPE_IDENTITY() AS id").value == 9
    rows = script("OutputDataSet = pandas.DataFrame({'n': [4, 5]})")
    assert table_behind.run(f"INSERT INTO kept (n) {rows} SELECT SCOPE_IDENTITY() AS id").check().value == 11


def test_procedures_keep_the_options_that_made_them(table_behind):
    """Sessions call with the others, so that it is the procedure's that count."""
    table_behind.run("INSERT INTO kept (n, t) VALUES (1, NULL), (2, N'x')").check()
    body = f"""AS {INTERPRETED} SET QUOTED_IDENTIFIER ON; SET ANSI_NULLS ON
SELECT COUNT(*) AS nulls, MIN("n") AS n FROM kept WHERE t = NULL
EXEC (N'SELECT "n" AS n FROM kept WHERE n = 2')"""
    asked = "SELECT @@OPTIONS & 288 AS options"
    try:
        for name, made, called in [("modern", "ON", "OFF"), ("old", "OFF", "ON")]:
            table_behind.run(f"SET ANSI_NULLS {made}").check()
            table_behind.run(f"SET QUOTED_IDENTIFIER {made}").check()
            table_behind.run(f"CREATE PROCEDURE {name} {body}").check()
            table_behind.run(f"SET QUOTED_IDENTIFIER {called}; SET ANSI_NULLS {called}").check()
            before = table_behind.run(asked).value
            outcome = table_behind.run(f"EXEC {name}; {asked}").check()
            expected = [[(0, None)], [(2,)]] if made == "ON" else [[(1, "n")], [("n",)]]
            assert [only.rows for only in outcome.sets] == [*expected, [(before,)]], name
            assert table_behind.run(asked).value == before
    finally:
        table_behind.run("SET QUOTED_IDENTIFIER ON; SET ANSI_NULLS ON; DROP PROCEDURE IF EXISTS modern, old").check()


def test_a_script_in_double_quotes_is_seen(behind):
    text = "EXEC (\"EXEC sp_execute_external_script N'Python', N'print(6 * 7)'\")"
    behind.run("SET QUOTED_IDENTIFIER OFF").check()
    assert behind.run(text).check().printed() == "42"
    behind.run("SET QUOTED_IDENTIFIER ON").check()


def test_who_asks_is_known_by_name(front):
    query = "SELECT APP_NAME() AS app, HOST_NAME() AS host, @@SPID AS spid, SUSER_SNAME() AS login"
    with front.connect(appname="payroll") as session:
        plain = session.run(query).rows
        assert plain[0][0] == "payroll"
        assert session.run(INTERPRETED + query).rows == plain


def test_what_the_session_was_told_holds_for_queries(behind):
    behind.run("SET LANGUAGE British; SET DATEFIRST 3; SET LOCK_TIMEOUT 11").check()
    query = "SELECT DATEPART(month, CAST('03/04/2026' AS datetime)) AS month, @@DATEFIRST AS first, @@LANGUAGE AS language, @@LOCK_TIMEOUT AS lock"
    expected = [(4, 3, "British", 11)]
    assert behind.run(query).rows == behind.run(INTERPRETED + query).rows == expected
    text = "OutputDataSet = InputDataSet[['month']]"
    assert behind.run(script(text, query=query, clause="WITH RESULT SETS ((m int))")).value == 4
    behind.run(f"{INTERPRETED}SET DATEFORMAT mdy").check()
    assert behind.run(query).rows == [(3, *expected[0][1:])]
    # Variables have their values in whatever format dates are.
    moment = "DECLARE @d datetime2(3) = '2026-03-04T05:06:07.89', @e date = '2026-03-04'"
    told = "SELECT CONVERT(varchar(30), @d, 126) AS d, CONVERT(varchar(30), @e, 23) AS e"
    for made in ("SET DATEFORMAT dmy", "SET DATEFORMAT ydm"):
        behind.run(made).check()
        outcome = behind.run(f"{INTERPRETED}{moment}; {told}; SELECT @d AS d, @e AS e INTO #dates; SELECT MONTH(d) AS d, MONTH(e) AS e FROM #dates").check()
        assert [only.rows for only in outcome.sets] == [[("2026-03-04T05:06:07.890", "2026-03-04")], [(3, 3)]]
        behind.run("DROP TABLE #dates").check()


def test_context_goes_on(behind):
    behind.run("SET CONTEXT_INFO 0x0102; EXEC sp_set_session_context N'tenant', N'seven'").check()
    query = "SELECT CAST(SESSION_CONTEXT(N'tenant') AS nvarchar(9)) AS tenant, SUBSTRING(CONTEXT_INFO(), 1, 2) AS info"
    assert behind.run(query).rows == behind.run(INTERPRETED + query).rows == [("seven", b"\x01\x02")]
    behind.run(f"{INTERPRETED}SET CONTEXT_INFO 0x09; EXEC sp_set_session_context N'tenant', N'eight'").check()
    assert behind.run(query).rows[0][0] == "eight"
    assert behind.run("SELECT SUBSTRING(CONTEXT_INFO(), 1, 1) AS info").value == b"\x09"


@pytest.mark.parametrize("size", [512, 4096, 32767])
def test_packets_of_any_size(front, size):
    with pytds.connect(front.host, user=front.user, password=front.password, port=front.port, blocksize=size, autocommit=True) as connection:
        cursor = connection.cursor()
        text = "x" * 40_000
        cursor.execute(f"{INTERPRETED}SELECT N'{text}' AS t")
        assert cursor.fetchall() == [(text,)]
        cursor.execute(f"SELECT N'{text}' AS t")
        assert cursor.fetchall() == [(text,)]
        cursor.execute("SELECT net_packet_size FROM sys.dm_exec_connections WHERE session_id = @@SPID")
        assert cursor.fetchone() == (size,)


def test_transactions_of_a_driver(front, table_behind):
    """Without autocommit a driver begins and ends them by requests of their own."""
    connection = Pyodbc(front).connection
    connection.autocommit = False
    cursor = connection.cursor()
    cursor.execute("INSERT INTO kept (n) VALUES (1)")
    cursor.execute(f"{INTERPRETED}INSERT INTO kept (n) VALUES (2); SELECT @@TRANCOUNT AS depth")
    while cursor.description is None:
        cursor.nextset()
    assert cursor.fetchone()[0] == 1
    connection.rollback()
    assert cursor.execute("SELECT COUNT(*) FROM kept").fetchone()[0] == 0
    call = script("OutputDataSet = InputDataSet", query="SELECT n FROM kept", clause="WITH RESULT SETS ((n int))")
    cursor.execute(f"{INTERPRETED}INSERT INTO kept (n) VALUES (3)")
    assert [tuple(row) for row in cursor.execute(call).fetchall()] == [(3,)]
    connection.commit()
    connection.close()
    assert table_behind.run("SELECT n FROM kept").rows == [(3,)]


def test_savepoints(table_behind):
    table_behind.run("BEGIN TRAN; INSERT INTO kept (n) VALUES (1); SAVE TRAN half").check()
    table_behind.run(f"{INTERPRETED}INSERT INTO kept (n) VALUES (2); SAVE TRAN more; INSERT INTO kept (n) VALUES (3); ROLLBACK TRAN more").check()
    assert table_behind.run("SELECT n FROM kept").rows == [(1,), (2,)]
    assert table_behind.run(f"{INTERPRETED}ROLLBACK TRAN half; SELECT @@TRANCOUNT AS depth").value == 1
    table_behind.run("COMMIT").check()
    assert table_behind.run("SELECT n FROM kept").rows == [(1,)]


@pytest.mark.parametrize("first", ["", INTERPRETED], ids=["passed", "interpreted"])
def test_a_pool_resets_the_session(front, first):
    """Before a request that passes and one that doesn't: the next user finds nothing of the last one's."""
    text = "import launchpod\ncursor = launchpod.connect().cursor()\ncursor.execute('SELECT SUSER_SNAME()')\nprint(cursor.fetchone()[0])"
    state = "SELECT OBJECT_ID(N'tempdb..#mine') AS mine, @@TRANCOUNT AS depth, @@LANGUAGE AS language, DB_NAME() AS name"
    with Pool(front) as pool, front.connect() as other, Session(pool) as session:
        for begin in ("", INTERPRETED):
            session.run(f"{begin}CREATE TABLE #mine (x int IDENTITY); INSERT INTO #mine DEFAULT VALUES; SET LANGUAGE British; USE tempdb; BEGIN TRAN").check()
            assert session.run(f"{first}SELECT @@TRANCOUNT AS depth").value == 1
            pool.resets = True
            assert session.run(f"{first}{state}").rows == [(None, 0, "us_english", "master")]
            assert not pool.resets
            assert session.run("SELECT SCOPE_IDENTITY() AS id").value is None
            # It is a session like any other.
            session.run(f"{first}CREATE TABLE #mine (x int); INSERT INTO #mine VALUES (1); DROP TABLE #mine").check()
            assert session.run(script(text)).check().printed() == front.user
        assert other.run("SELECT 1 AS a").value == 1


def test_a_database_that_cannot_be_opened(front):
    with pytest.raises(pytds.Error, match="nowhere"):
        front.connect(database="nowhere")


def test_mars_is_not_offered(front):
    """Who asks for it is told at once, and goes on without."""
    with front.connect(use_mars=True) as session:
        assert not session.connection.mars_enabled
        assert session.run(f"{INTERPRETED}SELECT 1 AS a").value == 1
