"""What a batch with an external script in it finds and leaves at a SQL Server behind."""

import decimal

import pytds
import pytest

from harness.scripts import script

# Has the interpreter run a batch, and no script.
INTERPRETED = "IF 1 = 0 EXEC sp_execute_external_script N'Python', N'';\n"
# Scripts that are short and tell.
COUNTS = "OutputDataSet = pandas.DataFrame({'n': [len(InputDataSet)]})"
RESULT = "WITH RESULT SETS ((n int))"


def test_a_script_reads_by_the_callers_own_connection(table_behind):
    table_behind.run("BEGIN TRAN; INSERT INTO kept (n) VALUES (1), (2); SELECT 3 AS n INTO #mine").check()
    query = "SELECT n FROM kept UNION ALL SELECT n FROM #mine"
    assert table_behind.run(script(COUNTS, query=query, clause=RESULT)).value == 3
    table_behind.run("ROLLBACK").check()
    assert table_behind.run("SELECT COUNT(*) AS n FROM kept").value == 0


def test_temporary_tables_live_on(behind):
    behind.run(f"{INTERPRETED}CREATE TABLE #a (x int); INSERT INTO #a VALUES (1); DECLARE @v int = 2; SELECT @v AS x INTO #b").check()
    assert behind.run("SELECT x FROM #a UNION ALL SELECT x FROM #b").rows == [(1,), (2,)]
    assert behind.run(f"{INTERPRETED}INSERT INTO #a SELECT x FROM #b; SELECT COUNT(*) AS n FROM #a").value == 2


def test_table_variables_are_their_scopes(behind):
    batch = f"""{INTERPRETED}
DECLARE @t TABLE (a int PRIMARY KEY, b nvarchar(10) DEFAULT N'@t')
INSERT INTO @t (a) VALUES (1), (2)
UPDATE x SET b = N'two' FROM @t AS x WHERE x.a = 2
DELETE FROM @t WHERE a = 1
SELECT a, b FROM @t"""
    for _ in range(2):
        assert behind.run(batch).rows == [(2, "two")]
    assert behind.run("SELECT a FROM @t").numbers == [1087]


def test_counts_and_errors_are_carried_over(table_behind):
    outcome = table_behind.run(f"""{INTERPRETED}
INSERT INTO kept (n) VALUES (1), (2)
SELECT @@ROWCOUNT AS n, SCOPE_IDENTITY() AS last
UPDATE kept SET n = 3 WHERE n = 9
IF @@ROWCOUNT = 0 SELECT @@ROWCOUNT AS after_if
INSERT INTO kept (n) VALUES (100)
SELECT @@ERROR AS error
SELECT @@ERROR AS none""")
    assert [only.rows for only in outcome.sets] == [[(2, decimal.Decimal(8))], [(0,)], [(547,)], [(0,)]]
    assert outcome.numbers == [547]
    assert outcome.errors[0].line == 7


def test_variables_are_assigned_by_queries(table_behind):
    table_behind.run("INSERT INTO kept (n) VALUES (1), (2), (3)").check()
    outcome = table_behind.run(f"""{INTERPRETED}
DECLARE @count int, @sum int = 10, @last nvarchar(20) = N'none', @rows int
SELECT @count = COUNT(*) FROM kept
SELECT @sum += n FROM kept
SELECT @rows = @@ROWCOUNT
SELECT @last = t FROM kept WHERE n = 9
SELECT @@ROWCOUNT AS none, @count AS c, @sum AS s, @rows AS r, @last AS l
EXEC sp_executesql N'SELECT @x = MAX(n) FROM kept', N'@x int OUTPUT', @count OUTPUT
BEGIN TRY SELECT @count = CAST('x' AS int) END TRY
BEGIN CATCH SELECT @rows = ERROR_NUMBER() END CATCH
SELECT @count AS c, @rows AS r""").check()
    assert [only.rows for only in outcome.sets] == [[(0, 3, 16, 3, "none")], [(3, 245)]]


def test_variables_are_assigned_by_updates(table_behind):
    outcome = table_behind.run(f"""{INTERPRETED}DECLARE @old int, @new int, @none int = 3
INSERT INTO kept (n) VALUES (5), (6)
UPDATE kept SET @old = n, @new = n = n + 10 WHERE n = 5
SELECT @@ROWCOUNT AS rows, @old AS old, @new AS new
UPDATE kept SET @none = n WHERE n = 99
SELECT @@ROWCOUNT AS rows, @none AS none""").check()
    assert [only.rows for only in outcome.sets] == [[(1, 5, 15)], [(0, 3)]]
    refused = table_behind.run(f"{INTERPRETED}DECLARE @a int; UPDATE kept SET @a = n = 5 OUTPUT deleted.n")
    assert refused.numbers == [40517] and table_behind.run("SELECT MAX(n) AS n FROM kept").value == 15


def test_a_merge_runs(table_behind):
    table_behind.run("INSERT INTO kept (n) VALUES (1), (2)").check()
    merge = "MERGE kept AS k USING (SELECT 2 AS n) AS s ON k.n = s.n WHEN MATCHED THEN UPDATE SET n = 7;"
    assert table_behind.run(f"{INTERPRETED}{merge} SELECT SUM(n) AS n FROM kept").check().value == 8


@pytest.fixture
def low(behind):
    """A session, and a user as whom it may act."""
    behind.run("CREATE USER low WITHOUT LOGIN").check()
    yield behind
    behind.run("DROP USER low").check()


WHO = "SELECT USER_NAME() AS name"


def names(outcome) -> list[str]:
    return [only.value for only in outcome.sets]


def test_execute_as_ends_with_what_is_called(low):
    quoted = INTERPRETED.replace("'", "''")
    low.run(
        f"CREATE PROCEDURE steps AS EXECUTE AS USER = 'low'; {WHO}; REVERT; REVERT; {WHO}; EXECUTE AS USER = 'low'; {INTERPRETED}{WHO}"
    ).check()
    try:
        for batch, acted in [
            (f"EXEC (N'{quoted}{WHO}') AS USER = 'low'", ["low"]),
            ("EXEC steps", ["low", "dbo", "low"]),
            (f"EXEC (N'EXEC steps; {quoted}{WHO}')", ["low", "dbo", "low", "dbo"]),
            # A REVERT in what is called is about its own EXECUTE AS alone.
            (f"{INTERPRETED}EXECUTE AS USER = 'low'; EXEC (N'{quoted}REVERT; {WHO}'); REVERT", ["low"]),
            (f"BEGIN TRY EXEC (N'EXECUTE AS USER = ''low''; {quoted}THROW 50001, N''no'', 1') END TRY BEGIN CATCH {WHO} END CATCH", ["dbo"]),
        ]:
            assert names(low.run(f"{batch}; {WHO}").check()) == [*acted, "dbo"]
            assert low.run(WHO).value == "dbo"
        refused = low.run(f"EXEC (N'{quoted}EXECUTE AS USER = ''low'' WITH NO REVERT')")
        assert refused.numbers == [40510] and low.run(WHO).value == "dbo"
    finally:
        low.run("DROP PROCEDURE steps").check()


def test_a_script_is_run_as_who_calls_it(low):
    call = "EXEC (N'EXEC sp_execute_external_script N''Python'', N''print(1)''') AS USER = 'low'"
    assert low.run(call).numbers == [262]
    low.run("GRANT EXECUTE ANY EXTERNAL SCRIPT TO low").check()
    low.run(call).check()
    assert low.run(WHO).value == "dbo"


def test_a_catch_knows_the_error(table_behind):
    outcome = table_behind.run(f"""{INTERPRETED}
BEGIN TRY
  INSERT INTO kept (n) VALUES (1)
  SELECT 1 / 0 AS x
END TRY
BEGIN CATCH
  SELECT ERROR_NUMBER() AS number, ERROR_LINE() AS line, ERROR_SEVERITY() AS severity, ERROR_MESSAGE() AS text
END CATCH""")
    assert outcome.sets[-1].rows == [(8134, 5, 16, "Divide by zero error encountered.")]
    assert outcome.numbers == []


def test_transactions_go_on_across_batches(table_behind):
    table_behind.run(f"{INTERPRETED}BEGIN TRAN; INSERT INTO kept (n) VALUES (1)").check()
    assert table_behind.run("INSERT INTO kept (n) VALUES (2); SELECT @@TRANCOUNT AS n").value == 1
    assert table_behind.run(f"{INTERPRETED}BEGIN TRAN; COMMIT; SELECT @@TRANCOUNT AS n").value == 1
    table_behind.run("ROLLBACK").check()
    assert table_behind.run("SELECT COUNT(*) AS n FROM kept").value == 0
    table_behind.run(f"{INTERPRETED}BEGIN TRAN; INSERT INTO kept (n) VALUES (1); COMMIT").check()
    assert table_behind.run("SELECT COUNT(*) AS n, @@TRANCOUNT AS depth FROM kept").rows == [(1, 0)]


def test_options_and_the_database_go_on(behind):
    outcome = behind.run(f"SET NOCOUNT ON; {INTERPRETED}SELECT 1 AS a")
    assert outcome.counts == []
    behind.run(f"{INTERPRETED}SET NOCOUNT ON; USE tempdb").check()
    outcome = behind.run("SELECT DB_NAME() AS name")
    assert (outcome.value, outcome.counts) == ("tempdb", [])
    behind.run("SET NOCOUNT OFF; USE master").check()
    assert behind.run(f"{INTERPRETED}SELECT DB_NAME() AS name").value == "master"


def test_options_of_a_procedure_end_with_it(behind):
    behind.run(
        "CREATE PROCEDURE sets AS SET XACT_ABORT ON; SET ARITHABORT OFF; SET LOCK_TIMEOUT 7; SET DATEFIRST 3; SET ROWCOUNT 1;"
        f" SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; {INTERPRETED}"
        " SELECT @@OPTIONS & 16384 AS abort, @@LOCK_TIMEOUT AS lock, @@DATEFIRST AS first"
    ).check()
    asked = (
        "SELECT @@OPTIONS AS options, @@LOCK_TIMEOUT AS lock, @@DATEFIRST AS first;"
        " SELECT transaction_isolation_level AS level FROM sys.dm_exec_sessions WHERE session_id = @@SPID;"
        " SELECT 1 AS a UNION ALL SELECT 2"
    )
    try:
        before = [only.rows for only in behind.run(asked).check().sets]
        outcome = behind.run(f"EXEC sets; {asked}").check()
        assert outcome.sets[0].rows == [(16384, 7, 3)]
        assert [only.rows for only in outcome.sets[1:]] == before
        assert [only.rows for only in behind.run(asked).check().sets] == before
        # A language brings its own first day, which is set back too.
        own = "SELECT @@LANGUAGE AS language, @@DATEFIRST AS first"
        behind.run("SET DATEFIRST 3").check()
        before = behind.run(own).rows
        behind.run(f"CREATE PROCEDURE speaks AS SET LANGUAGE British; {INTERPRETED} SELECT @@LANGUAGE AS language").check()
        outcome = behind.run(f"EXEC speaks; {own}").check()
        assert [outcome.sets[0].value, outcome.sets[1].rows] == ["British", before]
        # What the batch itself sets stays.
        behind.run(f"{INTERPRETED}SET LOCK_TIMEOUT 9; EXEC sets").check()
        assert behind.run("SELECT @@LOCK_TIMEOUT AS lock").value == 9
    finally:
        behind.run("SET LOCK_TIMEOUT -1; SET LANGUAGE us_english; DROP PROCEDURE sets; DROP PROCEDURE IF EXISTS speaks").check()


def test_an_error_dooms_the_transaction_under_xact_abort(table_behind):
    outcome = table_behind.run(f"""{INTERPRETED}
SET XACT_ABORT ON
BEGIN TRAN
INSERT INTO kept (n) VALUES (1)
BEGIN TRY
  INSERT INTO kept (n) VALUES (100)
END TRY
BEGIN CATCH
  SELECT XACT_STATE() AS state, @@TRANCOUNT AS depth, ERROR_NUMBER() AS number
  BEGIN TRY
    INSERT INTO kept (n) VALUES (2)
  END TRY
  BEGIN CATCH
    SELECT ERROR_NUMBER() AS number
  END CATCH
  ROLLBACK
  SELECT XACT_STATE() AS state, @@TRANCOUNT AS depth
END CATCH
INSERT INTO kept (n) VALUES (3)
SET XACT_ABORT OFF""").check()
    assert [only.rows for only in outcome.sets] == [[(-1, 1, 547)], [(3930,)], [(0, 0)]]
    assert table_behind.run("SELECT n FROM kept").rows == [(3,)]
    # Without XACT_ABORT the transaction goes on; with it and without a ROLLBACK it ends with the batch.
    body = "BEGIN TRAN; BEGIN TRY INSERT INTO kept (n) VALUES (100) END TRY BEGIN CATCH SELECT XACT_STATE() AS state END CATCH"
    assert table_behind.run(f"{INTERPRETED}{body}; COMMIT").check().value == 1
    outcome = table_behind.run(f"{INTERPRETED}SET XACT_ABORT ON; {body}")
    assert (outcome.sets[0].value, outcome.numbers) == (-1, [3998])
    assert table_behind.run("SET XACT_ABORT OFF; SELECT @@TRANCOUNT AS depth").value == 0


def test_a_procedure_of_the_servers_may_have_ended_the_transaction(table_behind):
    table_behind.run("CREATE PROCEDURE fails AS INSERT INTO kept (n) VALUES (100)").check()
    table_behind.run(
        "CREATE PROCEDURE ends AS BEGIN TRY INSERT INTO kept (n) VALUES (100) END TRY BEGIN CATCH ROLLBACK; THROW END CATCH"
    ).check()
    try:
        for procedure, state in [("fails", -1), ("ends", 0)]:
            outcome = table_behind.run(f"""{INTERPRETED}
SET XACT_ABORT ON
BEGIN TRAN
BEGIN TRY EXEC {procedure} END TRY
BEGIN CATCH
  SELECT XACT_STATE() AS state, ERROR_NUMBER() AS number
  IF @@TRANCOUNT > 0 ROLLBACK
END CATCH
INSERT INTO kept (n) VALUES (1)
SET XACT_ABORT OFF""").check()
            assert outcome.rows == [(state, 547)]
        assert table_behind.run("SELECT COUNT(*) AS n, @@TRANCOUNT AS depth FROM kept").rows == [(2, 0)]
    finally:
        table_behind.run("DROP PROCEDURE fails; DROP PROCEDURE ends").check()


def test_an_insert_exec_that_fails_ends_its_transaction(table_behind):
    text = script("OutputDataSet = pandas.DataFrame({'n': [1, 100]})")
    outcome = table_behind.run(f"SET XACT_ABORT ON; BEGIN TRAN; INSERT INTO kept (n) {text}")
    assert outcome.numbers == [547]
    assert table_behind.run("SET XACT_ABORT OFF; SELECT @@TRANCOUNT AS depth, COUNT(*) AS n FROM kept").rows == [(0, 0)]


def test_types_of_an_interpreted_query(behind):
    query = (
        "SELECT CAST(1.5 AS decimal(9,3)) AS d, CAST(N'x' AS nvarchar(17)) AS s, CAST('2026-01-02T03:04:05.678' AS datetime2(3)) AS t,"
        " CAST(NULL AS varbinary(max)) AS b, CAST('grün' AS varchar(9)) AS v, NEWID() AS g, CAST(1 AS bit) AS f"
    )
    plain, interpreted = behind.run(query).only, behind.run(INTERPRETED + query).only
    assert (interpreted.names, interpreted.types) == (plain.names, plain.types)
    assert interpreted.rows[0][:5] == plain.rows[0][:5]


def test_procedures_kept_in_the_server(behind):
    doubles = script("total = n * 2", params="N'@n int, @total int OUTPUT'", n="@n", total="@total OUTPUT")
    behind.run(f"CREATE PROCEDURE inner_script @n int, @total int OUTPUT AS {doubles} RETURN 5").check()
    behind.run(
        "CREATE PROCEDURE outer_script @n int, @twice int OUTPUT AS"
        " DECLARE @rc int; EXEC @rc = inner_script @n, @twice OUTPUT; SELECT @rc AS rc"
    ).check()
    try:
        outcome = behind.run("DECLARE @x int; EXEC outer_script 21, @x OUTPUT; SELECT @x AS x").check()
        assert [only.rows for only in outcome.sets] == [[(5,)], [(42,)]]
        outcome = behind.call("outer_script", n=4, twice=pytds.output(param_type="int")).check()
        assert (outcome.return_status, outcome.outputs["twice"]) == (0, 8)
        # A change is seen at once, one that is not committed too.
        behind.run("BEGIN TRAN").check()
        behind.run("ALTER PROCEDURE inner_script @n int, @total int OUTPUT AS SET @total = -@n RETURN 6").check()
        outcome = behind.run("DECLARE @x int; EXEC outer_script 21, @x OUTPUT; SELECT @x AS x").check()
        assert [only.rows for only in outcome.sets] == [[(6,)], [(-21,)]]
        behind.run("ROLLBACK").check()
    finally:
        behind.run("DROP PROCEDURE inner_script; DROP PROCEDURE outer_script").check()


def test_procedures_without_a_script_are_the_servers(behind):
    behind.run("CREATE PROCEDURE plain @n int OUTPUT AS SET @n += 1; SELECT N'in ' + OBJECT_NAME(@@PROCID) AS place; RETURN 3").check()
    try:
        outcome = behind.run(f"{INTERPRETED}DECLARE @x int = 1, @rc int; EXEC @rc = plain @x OUTPUT; SELECT @x AS x, @rc AS rc").check()
        assert [only.rows for only in outcome.sets] == [[("in plain",)], [(2, 3)]]
    finally:
        behind.run("DROP PROCEDURE plain").check()


def test_a_procedure_of_the_servers_ends_with_an_error_within_try(table_behind):
    """Called by itself it would go on."""
    quoted = INTERPRETED.replace("'", "''")
    table_behind.run(
        "CREATE PROCEDURE fails @n int = 5, @m int = 0 OUTPUT AS SET @m = @m + 1; INSERT INTO kept (n) VALUES (@n);"
        " INSERT INTO kept (n) VALUES (100); INSERT INTO kept (n) VALUES (3); RETURN 4"
    ).check()
    table_behind.run("CREATE PROCEDURE works @n int, @m nvarchar(9) OUTPUT AS SET @m = @m + N'ö'; SELECT @n AS n; RETURN 4").check()
    table_behind.run("CREATE FUNCTION dbo.shout (@t nvarchar(9)) RETURNS nvarchar(10) AS BEGIN RETURN UPPER(@t) + N'!' END").check()
    tried = "BEGIN TRY {} END TRY BEGIN CATCH SELECT ERROR_NUMBER() AS number, ERROR_PROCEDURE() AS name END CATCH"
    try:
        calls = ["EXEC fails", "EXEC fails 7", "DECLARE @r int, @m int; EXEC @r = fails @m = @m OUTPUT"]
        for call in [*calls, f"EXEC (N'{quoted}EXEC fails')"]:
            outcome = table_behind.run(INTERPRETED + tried.format(call)).check()
            assert outcome.rows == [(547, "fails")], call
        assert table_behind.run("SELECT n FROM kept ORDER BY id").rows == [(5,), (7,), (5,), (5,)]
        # Outside of one it does go on.
        assert table_behind.run(f"{INTERPRETED}DECLARE @r int; EXEC @r = fails; SELECT @r AS r").numbers == [547]
        assert table_behind.run("SELECT MAX(n) AS n, COUNT(*) AS c FROM kept").rows == [(7, 6)]
        calls = "DECLARE @r int, @m nvarchar(9) = N'日本'; EXEC @r = works 2, @m = @m OUTPUT; SELECT @r AS r, @m AS m; EXEC @m = dbo.shout N'hey'; SELECT @m AS m"
        outcome = table_behind.run(INTERPRETED + tried.format(calls)).check()
        assert [only.rows for only in outcome.sets] == [[(2,)], [(4, "日本ö")], [("HEY!",)]]
    finally:
        table_behind.run("DROP PROCEDURE fails; DROP PROCEDURE works; DROP FUNCTION dbo.shout").check()


def test_functions_are_the_servers(behind):
    behind.run("CREATE FUNCTION dbo.shout (@t nvarchar(9) = N'x') RETURNS nvarchar(10) AS BEGIN RETURN UPPER(@t) + N'!' END").check()
    try:
        batch = f"{INTERPRETED}DECLARE @r nvarchar(9); EXEC @r = dbo.shout @t = N'hey'; SELECT @r AS r; EXEC @r = shout; SELECT @r AS r"
        assert [only.rows for only in behind.run(batch).check().sets] == [[("HEY!",)], [("X!",)]]
    finally:
        behind.run("DROP FUNCTION dbo.shout").check()


def test_prepared_statements_with_a_script(behind):
    text = script(COUNTS, query="SELECT @a AS a UNION ALL SELECT 2", clause=RESULT, params="N'@a int'", a="@p")
    outcome = behind.call("sp_executesql", text, "@p int", 1).check()
    assert outcome.value == 2


def test_insert_exec(table_behind):
    text = script("OutputDataSet = pandas.DataFrame({'n': [1, 2, None], 't': ['ä', None, 'x']}).astype({'n': 'Int64'})")
    outcome = table_behind.run(f"INSERT INTO kept (n, t) {text}")
    assert outcome.numbers == [515]
    text = script("OutputDataSet = pandas.DataFrame({'n': range(3), 't': ['ä', None, 'x']})")
    assert table_behind.run(f"INSERT INTO kept (n) {text}").numbers == [213]
    table_behind.run(f"INSERT INTO kept (n, t) {text} SELECT @@ROWCOUNT AS n").check()
    assert table_behind.run("SELECT n, t FROM kept ORDER BY n").rows == [(0, "ä"), (1, None), (2, "x")]


def test_permission_is_the_servers(front, behind):
    behind.run("CREATE LOGIN reader WITH PASSWORD = 'Launch-pod-2026'; CREATE USER reader FOR LOGIN reader").check()
    call = script("print(1)")
    try:
        with front.connect(user="reader") as session:
            assert session.run(call).numbers == [262]
            behind.run("GRANT EXECUTE ANY EXTERNAL SCRIPT TO reader").check()
            session.run(call).check()
            behind.run("DENY EXECUTE EXTERNAL SCRIPT ON EXTERNAL LANGUAGE::Python TO reader").check()
            assert session.run(call).numbers == [39007]
            behind.run("REVOKE EXECUTE ANY EXTERNAL SCRIPT FROM reader").check()
            assert session.run(call).numbers == [262]
            behind.run("GRANT EXECUTE EXTERNAL SCRIPT ON EXTERNAL LANGUAGE::Python TO reader").check()
            session.run(call).check()
            behind.run("REVOKE EXECUTE EXTERNAL SCRIPT ON EXTERNAL LANGUAGE::Python FROM reader").check()
            # Not even an owner of the database is asked for then.
            behind.run("ALTER ROLE db_owner ADD MEMBER reader; DENY EXECUTE ANY EXTERNAL SCRIPT TO reader").check()
            assert session.run(call).numbers == [262]
        with pytest.raises(Exception, match="Login failed"):
            front.connect(user="reader", password="wrong")
    finally:
        behind.run("DROP USER reader; DROP LOGIN reader").check()
