"""The T-SQL around the scripts."""

import datetime
import decimal

import pyodbc
import pytds
import pytest


@pytest.fixture
def table(sql):
    sql.run("CREATE TABLE [people list] (id int NOT NULL PRIMARY KEY, name nvarchar(40) NULL, score float)").check()
    sql.run("INSERT INTO [people list] (id, name, score) VALUES (1, N'Ada', 2.5), (2, N'Grace', NULL), (3, NULL, 1)")
    yield sql
    sql.run("IF @@TRANCOUNT > 0 ROLLBACK TRAN").check()
    sql.run('DROP TABLE "people list"').check()


def test_variables(sql):
    batch = """
DECLARE @a int = 40, @b int, @s nvarchar(20)
SET @b = @a + 2
SET @s = N'it''s ' + CAST(@b AS nvarchar(10))
SELECT @b AS b, @s AS s
"""
    only = sql.run(batch).only
    assert (only.names, only.types, only.rows) == (["b", "s"], ["int", "nvarchar(20)"], [(42, "it's 42")])


def test_print(sql):
    outcome = sql.run("PRINT N'hello'; PRINT 1 + 1").check()
    assert [message.text for message in outcome.messages if message.number == 0] == ["hello", "2"]


def test_select_with_top_joins_and_aggregates(table):
    assert table.run("SELECT TOP (2) name FROM [people list] ORDER BY id DESC").rows == [(None,), ("Grace",)]
    batch = """
SELECT COUNT(*) AS n, SUM(p.score) AS total, MAX(q.name) AS last
FROM [people list] AS p JOIN "people list" AS q ON q.id = p.id + 1
"""
    assert table.run(batch).rows == [(2, 2.5, "Grace")]


def test_update_and_delete_count_rows(table):
    assert table.run("UPDATE [people list] SET score = score + 1 WHERE score IS NOT NULL").check().counts[0] == 2
    assert table.run("DELETE FROM [people list] WHERE id > 1").check().counts[0] == 2
    assert table.run("SELECT id, score FROM [people list]").rows == [(1, 3.5)]


def test_rollback(table):
    table.run("BEGIN TRAN; DELETE FROM [people list]").check()
    assert table.run("SELECT COUNT(*) AS n FROM [people list]").value == 0
    table.run("ROLLBACK TRAN").check()
    assert table.run("SELECT COUNT(*) AS n FROM [people list]").value == 3


def test_commit_is_seen_by_others_only_then(server, table):
    table.run("BEGIN TRAN; DELETE FROM [people list] WHERE id = 1").check()
    with server.connect() as other:
        assert other.run("SELECT COUNT(*) AS n FROM [people list]").value == 3
        table.run("COMMIT TRAN").check()
        assert other.run("SELECT COUNT(*) AS n FROM [people list]").value == 2


def test_a_failing_script_leaves_the_transaction_open(table):
    batch = """
BEGIN TRAN
DELETE FROM [people list]
EXEC sp_execute_external_script @language = N'Python', @script = N'1 / 0'
"""
    assert table.run(batch).numbers == [39004, 39019]
    assert table.run("SELECT @@TRANCOUNT AS depth").value == 1
    table.run("ROLLBACK").check()
    assert table.run("SELECT COUNT(*) AS n FROM [people list]").value == 3


def test_primary_key(table):
    outcome = table.run("INSERT INTO [people list] VALUES (1, N'again', 0)")
    assert outcome.numbers[0] == 2627


def test_not_null(table):
    assert table.run("INSERT INTO [people list] VALUES (NULL, N'x', 0)").numbers[0] == 515


def test_a_table_outlives_the_session(server, table):
    with server.connect() as other:
        assert other.run("SELECT name FROM [people list] WHERE id = 2").value == "Grace"


def test_a_temporary_table_does_not(server, sql):
    sql.run("CREATE TABLE #mine (a int); INSERT INTO #mine VALUES (1)").check()
    with server.connect() as other:
        assert other.run("SELECT * FROM #mine").numbers == [208]
    assert sql.run("SELECT a FROM #mine").value == 1


def test_use(sql):
    assert sql.run("SELECT DB_NAME() AS name").value == "master"
    sql.run("USE tempdb").check()
    assert sql.run("SELECT DB_NAME() AS name").value == "tempdb"
    assert sql.run("USE no_such_database").numbers == [911]
    assert sql.run("SELECT DB_NAME() AS name").value == "tempdb"


def test_who_and_where(sql):
    assert "Microsoft SQL Server 2022" in sql.run("SELECT @@VERSION AS v").value
    assert sql.run("SELECT SUSER_SNAME() AS who").value == "sa"
    assert sql.run("SELECT @@SPID AS spid").value > 0
    now = sql.run("SELECT GETDATE() AS now").only
    assert now.types == ["datetime"]
    assert abs(now.value - datetime.datetime.now()) < datetime.timedelta(days=2)


def test_statements_need_no_semicolons(sql):
    outcome = sql.run("DECLARE @a int SET @a = 1 SELECT @a AS a SELECT @a + 1 AS b PRINT 'x'").check()
    assert [one.value for one in outcome.sets] == [1, 2]


def test_comments_and_quotes(sql):
    batch = """
-- a comment with 'quotes'
SELECT /* nested /* comment */ still */ N'--no comment' AS [a]]b], 'it''s' AS "quo""ted"
"""
    only = sql.run(batch).only
    assert only.names == ["a]b", 'quo"ted']
    assert only.rows == [("--no comment", "it's")]


@pytest.mark.parametrize(
    ("batch", "number"),
    [
        ("SELEC 1", 2812),
        ("SELECT * FROM )", 102),
        ("SELECT 'open", 105),
        ("SELECT no_such_column FROM (VALUES (1)) AS t(a)", 207),
        ("SELECT @undeclared", 137),
        ("EXEC no_such_procedure", 2812),
        ("SELECT 1 / 0 AS x", 8134),
        ("SELECT CAST('x' AS int) AS x", 245),
    ],
)
def test_errors_have_sql_servers_numbers(sql, batch, number):
    assert sql.run(batch).numbers[0] == number
    assert sql.run("SELECT 1 AS alive").value == 1


def test_an_error_names_its_line(sql):
    (error,) = sql.run("SELECT 1 AS a\n\nSELECT * FROM no_such_table").errors
    assert (error.number, error.line) == (208, 3)


def test_login_is_refused_without_saying_why(server):
    texts = set()
    for user, password in [("sa", "wrong"), ("nobody", server.password)]:
        with pytest.raises(pytds.Error) as refused:
            server.connect(user=user, password=password)
        texts.add(str(refused.value).replace(user, "?"))
    assert len(texts) == 1
    assert "Login failed for user '?'." in texts.pop()


def test_a_database_that_does_not_exist(server):
    # python-tds would try again and again. FreeTDS tells of the last error, which follows 4060.
    with pytest.raises(pyodbc.Error, match="Login failed for user 'sa'"):
        pyodbc.connect(
            f"DRIVER=FreeTDS;SERVER={server.host};PORT={server.port};UID={server.user};PWD={server.password};"
            "TDS_Version=7.4;DATABASE=no_such_database"
        )


def test_compound_assignments_of_a_select_count_once(sql):
    outcome = sql.run("""
DECLARE @a int = 1, @b int = 10, @c int = 3, @s varchar(5) = 'x', @sum int = 100, @m money = 1.5
SELECT @a += 5, @b -= 3, @c *= 4, @s += 'y', @m += 1
SELECT @sum -= n FROM (VALUES (1), (2), (3)) AS v (n)
SELECT @a AS a, @b AS b, @c AS c, @s AS s, @m AS m, @sum AS sum""").check()
    assert outcome.rows == [(6, 7, 12, "xy", decimal.Decimal("2.5"), 94)]
