"""Who may do what, over real connections: logins, users, roles, permissions, and that a script
reads no more than its caller.

The rules are those of the documentation's "Permissions (Database Engine)", "Ownership Chains",
"EXECUTE AS (Transact-SQL)", and "Grant permissions to execute Python and R scripts".
"""

import pymssql
import pytds
import pytest

from harness.loopback import answers
from harness.scripts import ROWS, script
from harness.server import PASSWORD

DATABASE = "guarded"
USERS = {"mary": "It's-1-secret", "joe": "It's-2-secret"}


@pytest.fixture(scope="module")
def guarded(server):
    """A database with a table that nobody may read, and two users."""
    with server.connect() as sa:
        for batch in f"""
CREATE DATABASE {DATABASE}
GO
USE {DATABASE}
GO
CREATE TABLE secret (x int); INSERT secret VALUES (42)
CREATE TABLE shown (x int); INSERT shown VALUES (1), (2)
GO
CREATE PROCEDURE reads AS SELECT x FROM secret
GO
CREATE PROCEDURE puts_together AS EXEC ('SELECT x FROM secret')
GO
CREATE PROCEDURE as_owner WITH EXECUTE AS OWNER AS EXEC ('SELECT x FROM secret')
GO
CREATE PROCEDURE calls AS EXEC reads
GO
CREATE PROCEDURE steps_out AS EXECUTE AS USER = 'joe'; SELECT USER_NAME()
GO
CREATE PROCEDURE scripted AS {script(ROWS, query="SELECT x FROM secret", clause="WITH RESULT SETS ((x int))")}
GO
CREATE VIEW looks AS SELECT x FROM secret
GO
""".split("\nGO\n"):
            if batch.strip():
                sa.run(batch).check()
        for name, password in USERS.items():
            quoted = password.replace("'", "''")
            sa.run(f"CREATE LOGIN {name} WITH PASSWORD = '{quoted}', DEFAULT_DATABASE = {DATABASE}").check()
            sa.run(f"CREATE USER {name} FOR LOGIN {name}").check()
        yield sa
        sa.run("USE master").check()
        sa.run(f"DROP DATABASE {DATABASE}").check()
        for name in USERS:
            sa.run(f"DROP LOGIN {name}").check()


@pytest.fixture
def mary(server, guarded):
    with server.connect(user="mary", password=USERS["mary"]) as session:
        yield session
    guarded.run(f"USE {DATABASE}").check()
    guarded.run("DROP USER mary; CREATE USER mary FOR LOGIN mary").check()
    server.wait_for_no_containers()


def walk(sa, user, cases):
    """Each case: what the administrator says first, what the user says, and what comes: an error's
    number or the first value."""
    wrong = []
    for grant, batch, expected in cases:
        if grant:
            sa.run(grant).check()
        outcome = user.run(batch)
        values = [row[0] for found in outcome.sets for row in found.rows[:1]]
        got = outcome.numbers[0] if outcome.numbers else (values[0] if values else None)
        if got != expected:
            wrong.append(f"{grant}\n  {batch}: {got} instead of {expected} {outcome.errors}")
    assert not wrong, "\n".join(wrong)


def test_procedures_pass_on_what_their_owner_may_do(guarded, mary):
    walk(guarded, mary, [
        ("", "EXEC reads", 229),
        ("GRANT EXECUTE ON reads TO mary", "EXEC reads", 42),
        ("", "SELECT x FROM secret", 229),
        ("", "EXEC calls", 229),
        ("GRANT EXECUTE ON calls TO mary; DENY EXECUTE ON reads TO mary", "EXEC calls", 42),
        ("GRANT EXECUTE ON puts_together TO mary", "EXEC puts_together", 229),
        ("GRANT EXECUTE ON as_owner TO mary", "EXEC as_owner", 42),
        ("", "EXEC sp_executesql N'SELECT x FROM secret'", 229),
        ("", "DECLARE @p sysname = 'calls'; EXEC @p", 42),
        ("GRANT EXECUTE ON steps_out TO mary", "EXEC steps_out", 15517),
        ("GRANT IMPERSONATE ON USER::joe TO mary", "EXEC steps_out", "joe"),
        # Whoever a procedure has acted as, its caller isn't.
        ("", "SELECT USER_NAME()", "mary"),
        ("", "EXEC ('SELECT USER_NAME()') AS USER = 'joe'", "joe"),
        ("", "EXEC ('EXECUTE AS USER = ''joe''; SELECT USER_NAME()')", "joe"),
        ("", "SELECT USER_NAME()", "mary"),
        ("", "EXECUTE AS USER = 'joe'; SELECT USER_NAME()", "joe"),
        ("", "SELECT SUSER_SNAME()", "joe"),
        ("", "REVERT; SELECT SUSER_SNAME()", "mary"),
    ])  # fmt: skip


def test_an_error_says_what_is_missing(guarded, mary):
    (error,) = mary.run("SELECT x FROM secret").errors
    assert (error.number, error.severity, error.state, error.text) == (
        229, 14, 5, "The SELECT permission was denied on the object 'secret', database 'guarded', schema 'dbo'.",
    )  # fmt: skip
    (error,) = mary.run("CREATE TABLE t (a int)").errors
    assert (error.number, error.severity, error.text) == (
        262, 14, "CREATE TABLE permission denied in database 'guarded'.",
    )  # fmt: skip
    assert mary.run("EXEC sp_configure 'external scripts enabled', 0").numbers == [15247]
    assert mary.run("EXEC sp_configure 'external scripts enabled'").only.rows[0][4] == 1
    assert mary.run("RECONFIGURE").numbers == [5812]
    assert mary.run("USE msdb; SELECT USER_NAME()").value == "guest"


def test_scripts_need_a_permission_of_their_own(guarded, mary):
    run = script("OutputDataSet = pandas.DataFrame([7])", clause="WITH RESULT SETS ((x int))")
    (error,) = mary.run(run).errors
    assert (error.number, error.text) == (
        262, "EXECUTE ANY EXTERNAL SCRIPT permission denied in database 'guarded'.",
    )  # fmt: skip
    # A procedure passes it on as little.
    guarded.run("GRANT EXECUTE ON scripted TO mary").check()
    assert mary.run("EXEC scripted").numbers == [262]
    guarded.run("GRANT EXECUTE EXTERNAL SCRIPT ON EXTERNAL LANGUAGE::Python TO mary").check()
    assert mary.run(run).value == 7
    guarded.run("DENY EXECUTE EXTERNAL SCRIPT ON EXTERNAL LANGUAGE::Python TO mary").check()
    guarded.run("GRANT EXECUTE ANY EXTERNAL SCRIPT TO mary").check()
    assert mary.run(run).numbers == [39007]


# Ways to have an input query read what its caller may not, and the error of each.
ATTACKS = {
    "the table itself": ("SELECT x FROM secret", 229),
    "by its full name": ("SELECT x FROM guarded.dbo.secret", 229),
    "another database": ("SELECT x FROM vault.dbo.gold", 916),
    "another database's catalog": ("SELECT name FROM vault.sys.tables", 916),
    "a view over it": ("SELECT x FROM looks", 229),
    "a view of one's own over it": ("SELECT x FROM mary.mine", 229),
    "a subquery": ("SELECT (SELECT MAX(x) FROM secret) AS x", 229),
    "a common table expression": ("WITH c AS (SELECT x FROM secret) SELECT x FROM c", 229),
    "a condition": ("SELECT x FROM shown WHERE EXISTS (SELECT 1 FROM secret)", 229),
    "an apply": ("SELECT s.x FROM shown CROSS APPLY (SELECT x FROM secret) s", 229),
    "a set operation": ("SELECT x FROM shown UNION ALL SELECT x FROM secret", 229),
    "another's temporary table": ("SELECT x FROM #hoard", 208),
    "the catalog's own tables": ("SELECT password_hash FROM catalog.server_principals", 208),
    "the storage's tables": ('SELECT hash FROM "launchpod.server_principals"', 208),
    "a second statement": ("SELECT x FROM shown; GRANT SELECT ON secret TO mary", 39001),
    "a procedure": ("EXEC as_owner", 39001),
    "an impersonation": ("EXECUTE AS USER = 'dbo'", 39001),
    "a change": ("DELETE shown OUTPUT deleted.x", 39001),
    "a copy": ("SELECT x INTO copy FROM secret", 39015),
}


@pytest.fixture
def vault(guarded, server):
    """What belongs to others: a database, and a temporary table of another session's."""
    with server.connect() as sa:
        sa.run("CREATE DATABASE vault").check()
        sa.run("CREATE TABLE vault.dbo.gold (x int); INSERT vault.dbo.gold VALUES (79)").check()
        sa.run("CREATE TABLE #hoard (x int); INSERT #hoard VALUES (79)").check()
        yield sa
        sa.run("DROP DATABASE vault").check()


def test_an_input_query_reads_no_more_than_its_caller(guarded, vault, mary):
    guarded.run("GRANT EXECUTE ANY EXTERNAL SCRIPT, CREATE VIEW TO mary; GRANT SELECT ON shown TO mary").check()
    guarded.run("CREATE SCHEMA mary AUTHORIZATION mary").check()
    try:
        # She can't even write a view down over what she can't read.
        assert mary.run("CREATE VIEW mary.mine AS SELECT x FROM dbo.secret").numbers == [229]
        guarded.run("CREATE VIEW mary.mine AS SELECT x FROM dbo.secret").check()
        wrong = []
        for what, (query, expected) in ATTACKS.items():
            outcome = mary.run(script(ROWS, query=query, clause="WITH RESULT SETS ((x int))"))
            rows = [row for found in outcome.sets for row in found.rows]
            if outcome.numbers[:1] != [expected] or rows:
                wrong.append((what, outcome.numbers, rows))
        assert not wrong
        # Nor does a parameter become part of the query.
        injected = script(
            ROWS, query="SELECT x FROM shown WHERE x = @n OR @t = N''", clause="WITH RESULT SETS ((x int))",
            params="N'@n int, @t nvarchar(100)'", n="1", t="N'1; SELECT x FROM secret --'",
        )  # fmt: skip
        assert mary.run(injected).rows == [(1,)]
        assert mary.run(script(ROWS, query="SELECT SUSER_SNAME()", clause="WITH RESULT SETS ((x sysname))")).value == "mary"
    finally:
        guarded.run("DROP VIEW IF EXISTS mary.mine; DROP SCHEMA mary").check()


# Ways to have a script read a column that its caller may not read, beside one that they may.
OF_A_COLUMN = {
    "the column itself": "SELECT x FROM mixed",
    "all columns": "SELECT * FROM mixed",
    "a condition": "SELECT id FROM mixed WHERE x = 42",
    "an order": "SELECT id FROM mixed ORDER BY x",
    "an aggregate": "SELECT MAX(x) AS x FROM mixed",
    "a subquery": "SELECT (SELECT MAX(x) FROM mixed) AS x",
    "a common table expression": "WITH c AS (SELECT x FROM mixed) SELECT x FROM c",
    "a view of one's own over it": "SELECT x FROM mary.mine",
}


def test_a_script_reads_no_column_that_its_caller_may_not(guarded, mary):
    guarded.run("GRANT EXECUTE ANY EXTERNAL SCRIPT TO mary").check()
    guarded.run("CREATE TABLE mixed (id int, x int); INSERT mixed VALUES (1, 42)").check()
    guarded.run("GRANT SELECT ON mixed TO mary; DENY SELECT ON mixed (x) TO mary; GRANT UPDATE (id) ON mixed TO mary").check()
    guarded.run("CREATE SCHEMA mary AUTHORIZATION mary").check()
    guarded.run("CREATE VIEW mary.mine AS SELECT x FROM dbo.mixed").check()
    try:
        wrong = []
        for what, query in OF_A_COLUMN.items():
            outcome = mary.run(script(ROWS, query=query, clause="WITH RESULT SETS ((x int))"))
            rows = [row for found in outcome.sets for row in found.rows]
            if outcome.numbers[:1] != [230] or rows:
                wrong.append((what, outcome.numbers, rows))
        assert not wrong
        (error,) = mary.run(script(ROWS, query="SELECT id, x FROM mixed")).errors[:1]
        assert (error.severity, error.state, error.text) == (
            14, 1, "The SELECT permission was denied on the column 'x' of the object 'mixed', database 'guarded', schema 'dbo'.",
        )  # fmt: skip
        assert mary.run(script(ROWS, query="SELECT id FROM mixed", clause="WITH RESULT SETS ((id int))")).value == 1
        # Nor over a connection back.
        asked = [*OF_A_COLUMN.values(), "UPDATE mixed SET id = x", "UPDATE mixed SET id = 1 OUTPUT deleted.x", "UPDATE mixed SET x = 1"]
        said = answers(mary, "".join(f"print(ask({query!r}))\n" for query in [*asked, "SELECT id FROM mixed"]))
        assert said == ["230"] * len(asked) + ["(1,)"]
        assert guarded.run("SELECT id, x FROM mixed").rows == [(1, 42)]
    finally:
        guarded.run("DROP VIEW mary.mine; DROP SCHEMA mary; DROP TABLE mixed").check()


def test_the_page_about_permissions(guarded, server):
    """ "Grant permissions to execute Python and R scripts", with its names put in."""
    batches = f"""
USE {DATABASE}
GO
GRANT EXECUTE ANY EXTERNAL SCRIPT TO [joe]
GO
USE {DATABASE}
GO
EXEC sp_addrolemember 'db_datareader', 'joe'
EXEC sp_addrolemember 'db_datawriter', 'joe'
EXEC sp_addrolemember 'db_ddladmin', 'joe'
GO
"""
    guarded.run(batches).check()
    with server.connect(user="joe", password=USERS["joe"]) as joe:
        joe.run("CREATE TABLE dbo.made (x int); INSERT dbo.made VALUES (5)").check()
        run = script(ROWS, query="SELECT x FROM dbo.made UNION ALL SELECT x FROM secret", clause="WITH RESULT SETS ((x int))")
        assert joe.run(run).rows == [(5,), (42,)]
        joe.run("DROP TABLE dbo.made").check()
    server.wait_for_no_containers()


def admitted(server, user, password, database=""):
    """Whether a login succeeds."""
    try:
        pymssql.connect(
            server=server.host, port=str(server.port), user=user, password=password, database=database, tds_version="7.4"
        ).close()  # fmt: skip
    except pymssql.Error:
        return False
    return True


def test_a_database_that_is_not_theirs_fails_the_login(server, guarded):
    for database, said in [("nowhere", 'Cannot open database "nowhere" requested by the login'), ("model", '"model"')]:
        with pytest.raises(pytds.OperationalError) as refused:
            server.connect(user="mary", password=USERS["mary"], database=database)
        text = refused.value.args[0]
        # Two errors, 4060 and 18456: clients show both, or the last.
        assert said in text and "Login failed for user 'mary'." in text


def test_logins_fail_alike_and_the_log_knows_why(make_server):
    server = make_server("--login-lockout-threshold", "3", enable=False)
    with server.connect() as sa:
        sa.run("CREATE LOGIN ann WITH PASSWORD = 'Yukon-1st'").check()
        sa.run("CREATE LOGIN idle WITH PASSWORD = 'Yukon-2nd'; ALTER LOGIN idle DISABLE").check()
        sa.run("CREATE DATABASE closed").check()
        for user, password in [("ann", "wrong"), ("nobody", "wrong"), ("idle", "wrong"), ("ann\nforged", "x")]:
            assert not admitted(server, user, password)
        assert admitted(server, "ann", "Yukon-1st")
        assert not admitted(server, "ann", "Yukon-1st", database="closed")
        for _ in range(3):
            assert not admitted(server, "ann", "wrong")
        assert not admitted(server, "ann", "Yukon-1st"), "locked"
        assert admitted(server, "sa", PASSWORD), "nobody else is"
        sa.run("ALTER LOGIN ann WITH PASSWORD = 'Yukon-3rd' UNLOCK").check()
        assert admitted(server, "ann", "Yukon-3rd")
    log = server.log_text()
    for state in (5, 7, 8, 10, 40):
        assert f"state={state}" in log, (state, log)
    assert "\nforged" not in log, "a login's name makes no line of its own"


def test_an_older_data_folder_is_refused_with_a_sentence(tmp_path):
    import sqlite3
    import subprocess

    from harness.server import BINARY

    with sqlite3.connect(tmp_path / "launchpod.sqlite") as database:
        database.execute('CREATE TABLE "launchpod.logins" (key TEXT)')
    command = [BINARY, "serve", "--listen", "127.0.0.1:0", "--data-dir", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0
    assert "made by another version of Launchpod" in done.stderr and "another data folder" in done.stderr
