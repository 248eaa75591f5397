"""Statements that drivers prepare, by the procedures' numbers."""

import pytds
import pytest
from pytds.tds_base import InternalProc

EXECUTESQL = InternalProc(10, "sp_executesql")
PREPARE = InternalProc(11, "sp_prepare")
EXECUTE = InternalProc(12, "sp_execute")
PREPEXEC = InternalProc(13, "sp_prepexec")
PREPEXECRPC = InternalProc(14, "sp_prepexecrpc")
UNPREPARE = InternalProc(15, "sp_unprepare")

CALL = """
EXEC sp_execute_external_script @language = N'Python', @script = @script, @input_data_1 = @query
WITH RESULT SETS ((n int))
"""
DECLARED = "@script nvarchar(max), @query nvarchar(max)"
ROWS = "OutputDataSet = InputDataSet"


def test_sp_executesql(sql):
    outcome = sql.call(EXECUTESQL, CALL, DECLARED, script=ROWS, query="SELECT 4 AS n")
    assert outcome.value == 4
    assert outcome.return_status == 0


def test_prepare_execute_unprepare(sql):
    handle = pytds.output(value=None, param_type="int")
    prepared = sql.call(PREPARE, handle, DECLARED, CALL, 1).check()
    (number,) = prepared.outputs.values()
    for n in (1, 2):
        assert sql.call(EXECUTE, number, ROWS, f"SELECT {n} AS n").value == n
    sql.call(UNPREPARE, number).check()
    assert sql.call(EXECUTE, number, ROWS, "SELECT 1 AS n").numbers == [8179]


def test_prepexec(sql):
    handle = pytds.output(value=None, param_type="int")
    outcome = sql.call(PREPEXEC, handle, DECLARED, CALL, ROWS, "SELECT 6 AS n")
    assert outcome.value == 6
    (number,) = outcome.outputs.values()
    assert sql.call(EXECUTE, number, ROWS, "SELECT 7 AS n").value == 7


def test_output_parameter_of_sp_executesql(sql):
    statement = """
EXEC sp_execute_external_script @language = N'Python', @script = N'x = x * 2',
     @params = N'@x int OUTPUT', @x = @x OUTPUT
"""
    outcome = sql.call(EXECUTESQL, statement, "@x int OUTPUT", x=pytds.output(value=21))
    assert outcome.check().outputs["x"] == 42


def test_text_is_never_read_as_sql(sql):
    hostile = "'; DROP TABLE t; --"
    outcome = sql.call(EXECUTESQL, "SELECT @t AS t", "@t nvarchar(100)", t=hostile)
    assert outcome.value == hostile


def test_own_parameters_by_name(sql):
    declared, text = "@a int, @b int OUTPUT", "SET @b = @a + 1; SELECT @a AS a"
    call = f"EXEC sp_executesql @params = N'{declared}', @a = 4, @b = @r OUTPUT, @stmt = N'{text}'"
    assert [s.value for s in sql.run(f"DECLARE @r int; {call}; SELECT @r AS r").check().sets] == [4, 5]
    assert sql.call(EXECUTESQL, a=4, b=1, parameters=declared, statement=text).value == 4

    handle = pytds.output(value=None, param_type="int")
    prepared = sql.call(PREPEXEC, stmt=text, b=pytds.output(value=1), a=6, params=declared, handle=handle)
    assert (prepared.value, prepared.outputs["b"]) == (6, 7)
    assert sql.call(EXECUTE, b=1, a=8, handle=prepared.outputs["handle"]).value == 8
    sql.call(UNPREPARE, handle=prepared.outputs["handle"]).check()


def test_a_value_may_be_named_like_a_parameter(sql):
    batch = "EXEC sp_executesql N'SELECT @stmt AS a, @params AS b', N'@stmt int, @params int', @params = 2, @stmt = 1"
    assert sql.run(batch).sets[0].rows == [(1, 2)]


@pytest.mark.parametrize(
    ("arguments", "parameter"),
    [("5", "@statement"), ("'SELECT 1'", "@statement"), ("N'SELECT @a', 5", "@params"), ("N'SELECT @a', @a = 5", "@params")],
)
def test_a_text_that_is_no_text(sql, arguments, parameter):
    (message,) = sql.run(f"EXEC sp_executesql {arguments}").messages
    assert message.number == 214
    assert message.text == f"Procedure expects parameter '{parameter}' of type 'ntext/nchar/nvarchar'."


def test_prepexecrpc(sql):
    handle = pytds.output(value=None, param_type="int")
    text, declared = "SET @b = @a + 1; SELECT @a AS a", "@a int, @b int OUTPUT"
    outcome = sql.call(PREPEXECRPC, handle, "sp_executesql", text, declared, a=1, b=pytds.output(value=0))
    assert (outcome.value, outcome.outputs["b"]) == (1, 2)
    number = outcome.outputs[""]
    again = sql.call(EXECUTE, number, text, declared, a=5, b=pytds.output(value=0))
    assert (again.value, again.outputs["b"]) == (5, 6)
    sql.call(UNPREPARE, number).check()
    assert sql.call(EXECUTE, number, text, declared).numbers == [8179]
