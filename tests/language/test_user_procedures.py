"""Procedures that users make."""

import pytds
import pytest


@pytest.fixture
def define(sql):
    """Makes a procedure under its name, and drops it in the end."""
    names = []

    def define(name, rest):
        names.append(name)
        sql.run(f"CREATE PROCEDURE {name} {rest}").check()
        return sql

    yield define
    for name in names:
        sql.run(f"DROP PROCEDURE IF EXISTS {name}").check()


def test_parameters_by_order_name_and_default(define):
    sql = define("sums", "@a int, @b int = 10, @c int = NULL AS SELECT @a + @b + ISNULL(@c, 0) AS total")
    assert sql.run("EXEC sums 1").value == 11
    assert sql.run("EXEC dbo.sums 1, 2").value == 3
    assert sql.run("EXEC [master].[dbo].[Sums] @c = 5, @a = 1").value == 16
    assert sql.run("EXEC sums 1, DEFAULT, 3").value == 14
    assert sql.run("sums 1").value == 11


@pytest.mark.parametrize(
    ("call", "number"),
    [
        ("EXEC sums", 201), ("EXEC sums 1, 2, 3, 4", 8144), ("EXEC sums @d = 1, @a = 1", 8145),
        ("DECLARE @x int; EXEC sums @x OUTPUT", 8162), ("EXEC sums 'x'", 8114), ("EXEC nosuch", 2812),
    ],
)  # fmt: skip
def test_wrong_calls(define, call, number):
    assert define("sums", "@a int, @b int = 10, @c int = NULL AS SELECT @a").run(call).numbers == [number]


def test_output_and_return_values(define):
    sql = define("doubles", "(@n int OUTPUT, @text nvarchar(5) OUTPUT) AS SET @n *= 2; SET @text = N'abcdefg'; RETURN 7")
    batch = """
DECLARE @n bigint = 21, @t varchar(20), @rc int
EXEC @rc = doubles @n OUTPUT, @text = @t OUT
SELECT @n AS n, @t AS t, @rc AS rc"""
    assert sql.run(batch).rows == [(42, "abcde", 7)]


def test_variables_and_options_are_the_procedures_own(define):
    sql = define("own", "AS SET NOCOUNT ON; DECLARE @x int = 5; SELECT @x AS x")
    outcome = sql.run("DECLARE @x int = 1; EXEC own; SELECT @x AS x").check()
    assert [only.rows for only in outcome.sets] == [[(5,)], [(1,)]]
    assert outcome.counts[-1] == 1


def test_errors_name_the_procedure_and_its_line(define):
    sql = define("fails", "AS\nPRINT 'before'\nSELECT 1 / 0 AS x\nPRINT 'after'")
    outcome = sql.run("\n\nEXEC fails")
    (error,) = outcome.errors
    assert (error.number, error.procedure, error.line) == (8134, "fails", 3)
    assert outcome.texts(0) == ["before", "after"]
    caught = sql.run("BEGIN TRY EXEC fails END TRY BEGIN CATCH SELECT ERROR_PROCEDURE() AS p, ERROR_LINE() AS l END CATCH")
    assert caught.sets[-1].rows == [("fails", 3)]


def test_recursion_ends_at_32(define):
    sql = define("deeper", "@n int AS SET @n += 1; EXEC deeper @n")
    assert sql.run("EXEC deeper 1").numbers == [217]
    sql = define("countdown", "@n int AS IF @n > 0 BEGIN SET @n -= 1; EXEC countdown @n END ELSE SELECT 'done' AS s")
    assert sql.run("EXEC countdown 20").value == "done"


def test_a_procedure_that_runs_a_script(define):
    sql = define(
        "scores",
        """@factor float, @best float OUTPUT AS
EXEC sp_execute_external_script @language = N'Python', @script = N'
OutputDataSet = InputDataSet * factor
best = float(OutputDataSet["x"].max())
', @input_data_1 = N'SELECT x FROM (VALUES (1e0), (2e0)) AS v(x)',
    @params = N'@factor float, @best float OUTPUT', @factor = @factor, @best = @best OUTPUT
WITH RESULT SETS ((score float))""",
    )
    outcome = sql.run("DECLARE @best float; EXEC scores 2.5, @best OUTPUT; SELECT @best AS best").check()
    assert [only.rows for only in outcome.sets] == [[(2.5,), (5.0,)], [(5.0,)]]


def test_redefining_and_dropping(define):
    sql = define("changes", "AS SELECT 1 AS n")
    assert sql.run("CREATE PROCEDURE changes AS SELECT 2 AS n").numbers == [2714]
    sql.run("ALTER PROCEDURE changes AS SELECT 3 AS n").check()
    assert sql.run("EXEC changes").value == 3
    sql.run("CREATE OR ALTER PROC changes AS SELECT 4 AS n").check()
    assert sql.run("EXEC changes").value == 4
    sql.run("DROP PROCEDURE changes").check()
    assert sql.run("EXEC changes").numbers == [2812]


def test_a_call_from_outside(define):
    sql = define("adds", "@a int, @sum int OUTPUT AS SET @sum = @a + 1; RETURN 3")
    outcome = sql.call("adds", 41, pytds.output(param_type="int")).check()
    assert (list(outcome.outputs.values()), outcome.return_status) == ([42], 3)


def test_a_call_of_a_function_from_outside(sql):
    sql.run("CREATE FUNCTION dbo.greeting (@name nvarchar(9), @mark nchar(1) = N'!') RETURNS nvarchar(20)"
            " AS BEGIN RETURN N'Hello ' + @name + @mark END").check()  # fmt: skip
    try:
        outcome = sql.call("dbo.greeting", "Ann", "?").check()
        assert (list(outcome.outputs.values()), outcome.return_status) == (["Hello Ann?"], 0)
        assert list(sql.call("greeting", name="Bo").check().outputs.values()) == ["Hello Bo!"]
        assert sql.call("greeting").numbers == [201]
        with sql.connection.cursor() as cursor:
            cursor.execute("DECLARE @r nvarchar(20); EXEC @r = greeting %s; SELECT @r", ("Cy",))
            assert cursor.fetchall() == [("Hello Cy!",)]
    finally:
        sql.run("DROP FUNCTION dbo.greeting").check()


def test_a_procedure_of_another_database_runs_there(sql):
    sql.run("CREATE DATABASE elsewhere").check()
    try:
        sql.run("USE elsewhere").check()
        sql.run("CREATE TABLE t (a int)").check()
        sql.run("CREATE PROCEDURE fill AS INSERT t VALUES (5); SELECT DB_NAME() AS db, a FROM t").check()
        sql.run("USE master").check()
        outcome = sql.run("EXEC elsewhere.dbo.fill; SELECT DB_NAME() AS db").check()
        assert [only.rows for only in outcome.sets] == [[("elsewhere", 5)], [("master",)]]
        assert outcome.texts(5701) == []
    finally:
        sql.run("USE master; DROP DATABASE elsewhere").check()


def test_a_name_that_ends_like_a_system_procedures_is_another(sql):
    for name in ("[my.sp_configure]", "[a].[b.sp_executesql]"):
        assert sql.run(f"EXEC {name}").numbers == [2812]
    assert sql.call("[my.sp_configure]").numbers == [2812]
    assert sql.call("no procedure; SELECT 1").numbers == [2812]
