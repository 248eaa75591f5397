"""Statements that drivers prepare, by the procedures' numbers."""

import pytds
from pytds.tds_base import InternalProc

EXECUTESQL = InternalProc(10, "sp_executesql")
PREPARE = InternalProc(11, "sp_prepare")
EXECUTE = InternalProc(12, "sp_execute")
PREPEXEC = InternalProc(13, "sp_prepexec")
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
