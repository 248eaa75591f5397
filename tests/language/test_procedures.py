"""Texts that a batch runs, what statements leave behind for the next, and where a variable counts."""

import pytds
import pytest
from pytds.tds_base import InternalProc

EXECUTE = InternalProc(12, "sp_execute")
PREPEXEC = InternalProc(13, "sp_prepexec")


@pytest.mark.parametrize(
    "text",
    ["SELECT * FROM nosuch", "SELECT nosuch FROM sys.databases", "SELEC 1 ** 2", "SELECT @nosuch"],
)
@pytest.mark.parametrize("form", ["EXEC (N'{}')", "EXEC sp_executesql N'{}'"])
def test_an_error_of_binding_ends_the_text_but_not_its_caller(sql, form, text):
    outcome = sql.run(f"{form.format(text)}; SELECT @@ERROR AS error")
    assert len(outcome.numbers) == 1
    assert outcome.sets[-1].rows == [(outcome.numbers[0],)]


def test_an_error_of_conversion_ends_the_whole_batch(sql):
    outcome = sql.run("EXEC (N'PRINT CAST(''x'' AS int)'); SELECT 1 AS after")
    assert (outcome.numbers, outcome.sets) == ([245], [])


def test_sp_executesql_returns_the_error_of_its_text(sql):
    batch = """
DECLARE @failed int, @went int
EXEC @failed = sp_executesql N'DECLARE @x int; SET @x = 1 / 0'
EXEC @went = sp_executesql N'DECLARE @x int; SET @x = 1'
SELECT @failed AS failed, @went AS went
"""
    outcome = sql.run(batch)
    assert outcome.numbers == [8134]
    assert outcome.sets[-1].rows == [(8134, 0)]


def test_a_text_gives_back_the_database_and_nocount(sql):
    sql.run("EXEC sp_executesql N'USE tempdb; SET NOCOUNT ON'; EXEC (N'USE tempdb')").check()
    outcome = sql.run("SELECT DB_NAME() AS name")
    assert (outcome.value, outcome.counts) == ("master", [1])


def test_a_reset_session_is_in_the_database_of_its_login(sql):
    sql.run("USE tempdb; BEGIN TRAN").check()
    sql.call("sp_reset_connection").check()
    assert sql.run("SELECT DB_NAME() AS name, @@TRANCOUNT AS depth").rows == [("master", 0)]


def test_a_handle_given_to_sp_prepexec_is_replaced(sql):
    def prepare(handle, text):
        outcome = sql.call(PREPEXEC, pytds.output(value=handle, param_type="int"), "", text)
        return next(iter(outcome.check().outputs.values()))

    first = prepare(None, "SELECT 1 AS n")
    second = prepare(first, "SELECT 2 AS n")
    assert sql.call(EXECUTE, second).value == 2
    assert sql.call(EXECUTE, first).numbers == [8179]


def test_a_declaration_in_a_loop(sql):
    batch = """
DECLARE @i int = 0
WHILE @i < 3
BEGIN
    DECLARE @new int = @i * 10, @kept int
    SET @kept = ISNULL(@kept, 0) + @new
    SET @i += 1
END
SELECT @new AS new, @kept AS kept
"""
    assert sql.run(batch).rows == [(20, 30)]


def test_a_declaration_counts_though_it_is_not_run(sql):
    assert sql.run("IF 1 = 0 BEGIN DECLARE @x int = 5 END; SELECT @x AS x").value is None


def test_a_name_declared_twice_stops_the_batch_before_its_first_statement(sql):
    outcome = sql.run("PRINT 'never'\nDECLARE @x int\nDECLARE @X int")
    assert [(message.number, message.line) for message in outcome.messages] == [(134, 3)]


@pytest.mark.parametrize(
    ("statement", "rows"),
    [
        ("SET @x = 5", 1),
        ("DECLARE @y int = 5", 1),
        ("SELECT @x = n FROM (VALUES (1), (2), (3)) AS v (n)", 3),
        ("PRINT 'x'", 0),
        ("IF 1 = 0 PRINT 'x'", 0),
        ("DECLARE @z int", 2),
        ("EXEC sp_executesql N''", 2),
    ],
)
def test_rowcount_after(sql, statement, rows):
    before = "SELECT name FROM (VALUES (1), (2)) AS v (name)"
    outcome = sql.run(f"DECLARE @x int; {before}; {statement}; SELECT @@ROWCOUNT AS rows")
    assert outcome.check().sets[-1].rows == [(rows,)]


@pytest.mark.parametrize("statement", ["SET @x = 5", "PRINT 'x'", "SELECT @x = 1", "IF 1 = 0 PRINT 'x'", "RECONFIGURE"])
def test_a_statement_that_succeeds_clears_the_error(sql, statement):
    outcome = sql.run(f"DECLARE @x int; SET @x = 1 / 0; {statement}; SELECT @@ERROR AS error")
    assert outcome.numbers == [8134]
    assert outcome.sets[-1].rows == [(0,)]


def test_calls_without_an_end(sql):
    again = "BEGIN " * 20 + "DECLARE @s nvarchar(max) = @t; EXEC sp_executesql @s, N''@t nvarchar(max)'', @t = @s" + " END" * 20
    outcome = sql.run(f"DECLARE @s nvarchar(max) = N'{again}'; EXEC sp_executesql @s, N'@t nvarchar(max)', @t = @s")
    assert outcome.numbers == [217]
    assert sql.run("SELECT 1 AS alive").value == 1
