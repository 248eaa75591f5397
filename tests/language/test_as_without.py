"""What a server answers is the same without Launchpod: passed on, and run statement by statement."""

import pytest

# Has the interpreter run a batch, and no script; its line is the server's own in the same batch.
INTERPRETED = "IF 1 = 0 EXEC sp_execute_external_script N'Python', N'';\n"
ITSELF = "IF 1 = 0 SELECT 1;\n"

# Statements that have to be their batch's first.
ALONE = ("CREATE PROCEDURE", "CREATE VIEW", "CREATE FUNCTION")

TABLE = "CREATE TABLE same (id int IDENTITY(7, 1), n int NOT NULL CONSTRAINT same_n CHECK (n < 100), t nvarchar(20))"
ROWS = "INSERT INTO same (n, t) VALUES (1, N'eins'), (2, NULL), (3, N'drei')"

# Batches that a session sends one after the other; it begins in master, with the table there.
SCENARIOS = {
    "numbers": [
        "SELECT CAST(1 AS bit) AS a, CAST(2 AS tinyint) AS b, CAST(-3 AS smallint) AS c, 4 AS d, CAST(5 AS bigint) AS e",
        "SELECT CAST(1.5 AS decimal(9, 3)) AS a, CAST(-12345678901234567890.123 AS numeric(38, 4)) AS b, CAST(1 AS real) / 3 AS c, CAST(1 AS float) / 3 AS d",
        "SELECT CAST(12.3456 AS money) AS a, CAST(-0.5 AS smallmoney) AS b, CAST(NULL AS money) AS c, CAST(NULL AS int) AS d, NULL AS e",
    ],
    "texts": [
        "SELECT N'grüße' AS a, 'plain' AS b, CAST('x' AS char(5)) AS c, CAST(N'y' AS nchar(5)) AS d, CAST(N'日本' AS nvarchar(max)) AS e",
        "SELECT N'' AS a, '' AS b, CAST(NULL AS varchar(7)) AS c, REPLICATE(CAST(N'long ' AS nvarchar(max)), 5000) AS d",
        "SELECT CAST(REPLICATE('v', 8000) AS varchar(8000)) AS a, CAST(N'old' AS ntext) AS b, CAST('old' AS text) AS c",
    ],
    "letters": ["DECLARE @v nvarchar(20) = N'жаба'; SELECT CAST(@v AS nvarchar(20)) AS v, LEN(@v) AS n"],
    "bytes": [
        "SELECT 0x00FF AS a, CAST(0x0102 AS binary(4)) AS b, CAST(0x AS varbinary(max)) AS c, CAST(0x01 AS image) AS d, CAST(NULL AS varbinary(9)) AS e",
        "SELECT CAST('6F9619FF-8B86-D011-B42D-00C04FC964FF' AS uniqueidentifier) AS g",
    ],
    "moments": [
        "SELECT CAST('2026-01-02' AS date) AS a, CAST('23:59:59.1234567' AS time) AS b, CAST('10:11:12' AS time(0)) AS c",
        "SELECT CAST('2026-01-02T03:04:05.678' AS datetime2(3)) AS a, CAST('0001-01-01' AS datetime2) AS b, CAST('2026-01-02T03:04:05.677' AS datetime) AS c",
        "SELECT CAST('2026-01-02T03:04:00' AS smalldatetime) AS a, CAST('2026-01-02T03:04:05.1234567 +05:30' AS datetimeoffset) AS b, CAST(NULL AS date) AS c",
    ],
    "variants": ["SELECT CAST(1 AS sql_variant) AS a, CAST(N'x' AS sql_variant) AS b, CAST(1.5 AS sql_variant) AS c"],
    "changes": [
        ROWS + "; SELECT SCOPE_IDENTITY() AS i, @@IDENTITY AS j",
        "SELECT id, n, t FROM same ORDER BY id",
        "UPDATE same SET t = N'neu' WHERE n >= 2; SELECT @@ROWCOUNT AS n",
        "DELETE FROM same WHERE n = 1",
        "SELECT COUNT(*) AS n, MAX(t) AS t FROM same",
        "INSERT INTO same (n) OUTPUT inserted.id, inserted.n VALUES (9)",
        "TRUNCATE TABLE same; SELECT COUNT(*) AS n FROM same",
    ],
    "nothing": ["", ";", "-- a remark", "/* another */ SELECT 1 AS a -- end"],
    "sets": ["SELECT 1 AS a; SELECT 2 AS b, 3 AS c; SELECT 4 AS d WHERE 1 = 0", "SELECT 1, 2 AS two, 3"],
    "messages": [
        "PRINT N'one'; SELECT 1 AS a; PRINT N'zwei ü'; RAISERROR (N'three %d', 10, 1, 3); RAISERROR (N'nine', 9, 5)",
        "PRINT 1 + 1; PRINT N''; PRINT CAST(NULL AS nvarchar(9))",
    ],
    "raised errors": [
        "SELECT 1 AS a;\nRAISERROR (N'mine %s', 16, 7, N'own');\nSELECT 2 AS b",
        "\nTHROW 50001, N'thrown', 3;\nSELECT 2 AS b",
        "BEGIN TRY\nRAISERROR (N'caught', 12, 9)\nEND TRY BEGIN CATCH\nSELECT ERROR_NUMBER() AS n, ERROR_SEVERITY() AS c, ERROR_STATE() AS s, ERROR_LINE() AS l, ERROR_MESSAGE() AS m, ERROR_PROCEDURE() AS p\nEND CATCH",
        "BEGIN TRY\nSELECT 1 / 0 AS x\nEND TRY BEGIN CATCH\nTHROW\nEND CATCH",
        "BEGIN TRY THROW 50009, N'again', 4 END TRY BEGIN CATCH SELECT ERROR_NUMBER() AS n, ERROR_MESSAGE() AS m; THROW; END CATCH",
    ],
    "errors of statements": [
        "SELECT 1 AS a;\nSELECT 1 / 0 AS x;\nSELECT 2 AS b",
        "INSERT INTO same (n) VALUES (100)\nSELECT @@ERROR AS e, @@ROWCOUNT AS n",
        "INSERT INTO same (n) VALUES (NULL)\nSELECT @@ERROR AS e",
        "SELECT CAST(N'x' AS int) AS x",
        "SELECT CAST(300 AS tinyint) AS x",
        "SELECT CAST('2026-13-45' AS date) AS x",
        "SELECT 'a' + 1 AS x",
    ],
    "errors of binding": [
        "SELECT * FROM nowhere",
        "SELECT nothing FROM same",
        "SELECT dbo.nowhere(1) AS x",
        "EXEC nowhere",
        "INSERT INTO same (n, zz) VALUES (1, 2)",
        "DROP TABLE nowhere",
        "USE nowhere",
    ],
    "errors of syntax": ["SELECT FROM WHERE", "SELEC 1", "SELECT 'open", "BEGIN SELECT 1"],
    "variables": [
        "DECLARE @a int = 5, @b nvarchar(10), @c decimal(9, 2) = 1.25; SET @b = N'x' + CAST(@a AS nvarchar(9)); SELECT @a AS a, @b AS b, @c AS c",
        "DECLARE @s nvarchar(max) = N''; SELECT @s = @s + x FROM (VALUES (N'a'), (N'b')) AS v (x); SELECT LEN(@s) AS n",
        "DECLARE @a int; SELECT @a = n FROM same WHERE 1 = 0; SELECT @a AS a, @@ROWCOUNT AS n",
        "DECLARE @d datetime2(3) = '2026-05-06T07:08:09.123', @g uniqueidentifier = '6F9619FF-8B86-D011-B42D-00C04FC964FF', @v varbinary(4) = 0x0102; SELECT @d AS d, @g AS g, @v AS v",
        "SELECT @missing",
    ],
    "table variables": ["DECLARE @t TABLE (a int, b nvarchar(5)); INSERT INTO @t VALUES (1, N'x'), (2, N'y'); SELECT a, b FROM @t ORDER BY a; SELECT COUNT(*) AS n FROM @t"],
    "control of flow": [
        "DECLARE @i int = 0; WHILE @i < 3 BEGIN SET @i += 1; IF @i = 2 CONTINUE; SELECT @i AS i END",
        "IF EXISTS (SELECT 1 FROM same) SELECT N'rows' AS a ELSE SELECT N'none' AS a",
        "SELECT 1 AS a; RETURN; SELECT 2 AS b",
        "GOTO there; SELECT 1 AS a; there: SELECT 2 AS b",
    ],
    "temporary tables": [
        "CREATE TABLE #t (a int, b nvarchar(9)); INSERT INTO #t VALUES (1, N'x')",
        "SELECT a, b FROM #t; SELECT 5 AS n INTO #u; SELECT n FROM #u",
        "DROP TABLE #t; SELECT * FROM #t",
        "DROP TABLE #u",
    ],
    "transactions": [
        "BEGIN TRAN; INSERT INTO same (n) VALUES (1); SELECT @@TRANCOUNT AS d",
        "BEGIN TRAN; SELECT @@TRANCOUNT AS d, XACT_STATE() AS x; COMMIT; SELECT @@TRANCOUNT AS d",
        "ROLLBACK; SELECT @@TRANCOUNT AS d; SELECT COUNT(*) AS n FROM same",
        "COMMIT",
        "ROLLBACK",
        "BEGIN TRAN; INSERT INTO same (n) VALUES (1); SAVE TRAN s; INSERT INTO same (n) VALUES (2); ROLLBACK TRAN s; COMMIT; SELECT COUNT(*) AS n FROM same",
        "BEGIN TRAN; INSERT INTO same (n) VALUES (500); SELECT @@TRANCOUNT AS d, XACT_STATE() AS x; IF @@TRANCOUNT > 0 ROLLBACK",
    ],
    "XACT_ABORT": [
        "SET XACT_ABORT ON; BEGIN TRAN; INSERT INTO same (n) VALUES (1)",
        "INSERT INTO same (n) VALUES (100); SELECT N'never' AS a",
        "SELECT @@TRANCOUNT AS d; SELECT COUNT(*) AS n FROM same",
        "SET XACT_ABORT OFF",
    ],
    "IMPLICIT_TRANSACTIONS": [
        "SET IMPLICIT_TRANSACTIONS ON",
        "INSERT INTO same (n) VALUES (1); SELECT @@TRANCOUNT AS d",
        "ROLLBACK; SET IMPLICIT_TRANSACTIONS OFF; SELECT @@TRANCOUNT AS d",
        "SELECT COUNT(*) AS n FROM same",
    ],
    "NOCOUNT": ["SET NOCOUNT ON; " + ROWS, "DELETE FROM same", "SET NOCOUNT OFF", ROWS],
    "ROWCOUNT": [ROWS, "SET ROWCOUNT 2", "SELECT n FROM same ORDER BY n", "SET ROWCOUNT 0; SELECT n FROM same ORDER BY n"],
    "QUOTED_IDENTIFIER": [
        'SELECT 1 AS "a b"',
        'SET QUOTED_IDENTIFIER OFF; SELECT "text" AS a',
        "SET QUOTED_IDENTIFIER ON",
    ],
    "databases": ["USE tempdb; SELECT DB_NAME() AS d", "SELECT DB_NAME() AS d", "USE master; SELECT DB_NAME() AS d"],
    "procedures": [
        "CREATE PROCEDURE same_p @n int, @m int = 4 OUTPUT AS SET @m = @m + @n; PRINT N'in it'; SELECT @n AS n; RETURN 3",
        "EXEC same_p 5",
        "DECLARE @m int = 1, @r int; EXEC @r = same_p @n = 2, @m = @m OUTPUT; SELECT @m AS m, @r AS r",
        "EXEC same_p",
        "EXEC same_p 1, 2, 3",
        "EXEC same_p N'x'",
        "DROP PROCEDURE same_p",
    ],
    "procedures that fail": [
        "CREATE PROCEDURE same_f AS\nSELECT 1 AS a;\nSELECT 1 / 0 AS x;\nSELECT 2 AS b",
        "\nBEGIN TRY EXEC same_f END TRY BEGIN CATCH SELECT ERROR_NUMBER() AS n, ERROR_PROCEDURE() AS p, ERROR_LINE() AS l END CATCH",
        "DROP PROCEDURE same_f",
    ],
    "texts that are run": [
        "EXEC (N'SELECT 1 AS a; PRINT N''x''')",
        "EXEC sp_executesql N'SELECT @a + 1 AS a', N'@a int', @a = 4",
        "DECLARE @x int; EXEC sp_executesql N'SET @x = 9', N'@x int OUTPUT', @x OUTPUT; SELECT @x AS x",
        "EXEC sp_executesql N'SELECT 1 / 0 AS x'",
        "EXEC (N'SELEC')",
    ],
    "INSERT … EXEC": [
        "CREATE PROCEDURE same_i AS SELECT 1 AS n, N'eins' AS t UNION ALL SELECT 2, N'zwei'",
        "INSERT INTO same (n, t) EXEC same_i; SELECT @@ROWCOUNT AS n",
        "SELECT id, n, t FROM same ORDER BY id",
        "INSERT INTO same (n) EXEC same_i",
        "DROP PROCEDURE same_i",
    ],
    "views and functions": [
        "CREATE VIEW same_v AS SELECT n, n * 2 AS m FROM same",
        "CREATE FUNCTION same_g (@n int) RETURNS int AS BEGIN RETURN @n * 2 END",
        ROWS,
        "SELECT n, m, dbo.same_g(n) AS g FROM same_v ORDER BY n",
        "DROP VIEW same_v; DROP FUNCTION same_g",
    ],
    "cursors": [
        ROWS,
        "DECLARE c CURSOR LOCAL FOR SELECT n FROM same ORDER BY n; DECLARE @n int; OPEN c; FETCH NEXT FROM c INTO @n; WHILE @@FETCH_STATUS = 0 BEGIN SELECT @n AS n; FETCH NEXT FROM c INTO @n END; CLOSE c; DEALLOCATE c",
    ],
    "queries": [
        ROWS,
        "WITH w AS (SELECT n FROM same) SELECT SUM(n) AS s FROM w",
        "SELECT TOP 2 n FROM same ORDER BY n DESC",
        "SELECT n, ROW_NUMBER() OVER (ORDER BY n DESC) AS r FROM same ORDER BY n OFFSET 1 ROWS FETCH NEXT 1 ROWS ONLY",
        "SELECT a.n, b.t FROM same AS a LEFT JOIN same AS b ON b.n = a.n + 1 ORDER BY a.n",
        "SELECT n % 2 AS odd, COUNT(*) AS c, AVG(n) AS v FROM same GROUP BY n % 2 ORDER BY 1",
        "SELECT CASE WHEN n > 1 THEN t END AS t, COALESCE(t, N'none') AS u, ISNULL(t, N'?') AS v FROM same ORDER BY n",
        "SELECT name FROM sys.databases WHERE name IN (N'master', N'tempdb') ORDER BY name",
    ],
    "many rows": [
        "WITH d AS (SELECT n FROM (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) AS v (n)) SELECT a.n + 10 * b.n + 100 * c.n + 1000 * e.n AS n, N'row ' + CAST(a.n AS nvarchar(9)) AS t FROM d AS a CROSS JOIN d AS b CROSS JOIN d AS c CROSS JOIN d AS e ORDER BY 1",
    ],
}  # fmt: skip

CALLS = {
    "sp_executesql": lambda session: session.call("sp_executesql", "SELECT @a AS a, @b AS b", "@a int, @b nvarchar(9)", 5, "x"),
    "a procedure": lambda session: session.call("sp_datatype_info", -9),
    "one that isn't there": lambda session: session.call("nowhere", 1),
    "sp_executesql that fails": lambda session: session.call("sp_executesql", "SELECT 1 / @a AS x", "@a int", 0),
}


@pytest.fixture
def answers(front):
    """What batches are answered in a session of their own on a server."""

    def run(server, batches: list[str], before: str = "") -> list:
        with server.connect(database="master") as session:
            session.run(TABLE).check()
            try:
                return [session.run(batch if batch.startswith(ALONE) else before + batch) for batch in batches]
            finally:
                session.run("IF @@TRANCOUNT > 0 ROLLBACK")
                session.run("USE master")
                session.run("DROP TABLE same").check()

    return run


@pytest.mark.parametrize("name", SCENARIOS)
def test_what_passes(front, answers, name):
    batches = SCENARIOS[name]
    for batch, direct, passed in zip(batches, answers(front.behind, batches), answers(front, batches), strict=True):
        assert passed == direct, batch


@pytest.mark.parametrize("name", SCENARIOS)
def test_what_is_run_statement_by_statement(front, answers, name):
    batches = SCENARIOS[name]
    direct = answers(front.behind, batches, ITSELF)
    interpreted = answers(front, batches, INTERPRETED)
    for batch, expected, outcome in zip(batches, direct, interpreted, strict=True):
        assert outcome == expected, batch


@pytest.mark.parametrize("name", CALLS)
def test_calls(front, name):
    call = CALLS[name]
    with front.behind.connect() as direct, front.connect() as passed:
        assert call(passed) == call(direct)
