"""How a script is called: its names, its query, its parameters."""

import pytest

from harness.scripts import DOCUMENTED, ROWS, script


def test_documented_script(sql):
    only = sql.run(DOCUMENTED).only
    assert (only.names, only.types, only.rows) == (["col"], ["int"], [(1,)])


def test_names_of_the_data_sets_are_chosen(sql):
    call = script(
        "b = a * 2",
        query="SELECT 21 AS col",
        input_data_1_name="N'a'",
        output_data_1_name="N'b'",
        clause="WITH RESULT SETS ((col int))",
    )
    assert sql.run(call).value == 42


def test_names_of_the_data_sets_keep_their_case(sql):
    outcome = sql.run(script("print(inputdataset)", query="SELECT 1 AS col"))
    assert outcome.numbers == [39004, 39019]
    assert "NameError" in outcome.errors[1].text


def test_names_that_the_documentation_uses_without_import(sql):
    text = """
import sys as expected
assert sys is expected
for name in (os, platform, np, numpy, pandas, DataFrame): pass
OutputDataSet = pandas.DataFrame({"x": np.arange(3)})
"""
    assert sql.run(script(text)).rows == [(0,), (1,), (2,)]


@pytest.mark.parametrize("blank", ["", "@input_data_1 = N''", "@input_data_1 = N' ;'", "@input_data_1 = N'   ;'"])
def test_blank_input_is_no_input(sql, blank):
    text = "OutputDataSet = pandas.DataFrame({'rows': [len(InputDataSet)]})"
    call = f"EXEC sp_execute_external_script @language = N'Python', @script = N'{text.replace(chr(39), chr(39) * 2)}'"
    assert sql.run(f"{call}{', ' if blank else ''}{blank}").value == 0


def test_query_may_end_in_a_semicolon(sql):
    assert sql.run(script(ROWS, query="SELECT 7 AS col ;")).value == 7


def test_query_uses_the_declared_parameters(sql):
    outcome = sql.run(
        script(
            "OutputDataSet = InputDataSet\nOutputDataSet['seen'] = low",
            query="SELECT col FROM (VALUES (1), (2), (3)) AS t(col) WHERE col >= @low",
            params="N'@low int'",
            low="2",
            clause="WITH RESULT SETS ((col int, seen int))",
        )
    )
    assert outcome.rows == [(2, 2), (3, 2)]


def test_empty_script(sql):
    outcome = sql.run(script("")).check()
    assert outcome.sets == []


def test_empty_script_with_a_query(sql):
    assert sql.run(script("", query="SELECT 1 AS col")).check().sets == []


def test_output_not_assigned_is_no_result_set(sql):
    assert sql.run(script("x = 1", query="SELECT 1 AS col")).check().sets == []


def test_script_from_a_variable_and_windows_line_ends(sql):
    batch = """
DECLARE @text nvarchar(max) = N'if True:' + NCHAR(13) + NCHAR(10) + N'    OutputDataSet = InputDataSet;'
    + NCHAR(13) + NCHAR(10);
EXECUTE sp_execute_external_script @language = N'Python', @script = @text, @input_data_1 = N'SELECT 5 AS col'
"""
    assert sql.run(batch).value == 5


def test_arguments_by_position_and_in_any_case(sql):
    batch = "exec SP_EXECUTE_EXTERNAL_SCRIPT N'python', N'OutputDataSet = InputDataSet', N'SELECT 3 AS col'"
    assert sql.run(batch).value == 3


def test_called_in_schema_sys(sql):
    batch = "EXEC [sys].[sp_execute_external_script] N'Python', N'OutputDataSet = InputDataSet', N'SELECT 3 AS col'"
    assert sql.run(batch).value == 3


def test_return_code(sql):
    batch = "DECLARE @code int; EXEC @code = sp_execute_external_script N'Python', N''; SELECT @code AS code"
    assert sql.run(batch).value == 0


def test_called_as_a_remote_procedure(sql):
    outcome = sql.call(
        "sp_execute_external_script",
        language="Python",
        script="OutputDataSet = InputDataSet",
        input_data_1="SELECT 9 AS col",
    )
    assert outcome.value == 9
    assert outcome.return_status == 0


def test_two_scripts_in_one_batch(sql):
    call = script(ROWS, query="SELECT 1 AS col")
    outcome = sql.run(f"{call}\n{call.replace('SELECT 1', 'SELECT 2')}").check()
    assert [one.rows for one in outcome.sets] == [[(1,)], [(2,)]]


def test_input_comes_from_the_sessions_own_tables(sql):
    sql.run("CREATE TABLE #numbers (n int NOT NULL); INSERT INTO #numbers VALUES (1), (2), (3)").check()
    call = script("OutputDataSet = InputDataSet.sum().to_frame()", query="SELECT n FROM #numbers")
    assert sql.run(call).value == 6


def test_row_labels_are_no_column(sql):
    text = "OutputDataSet = pandas.DataFrame({'x': [1, 2]}, index=['first', 'second'])"
    assert sql.run(script(text)).rows == [(1,), (2,)]


def test_labels_of_columns_may_be_numbers(sql):
    only = sql.run(script("OutputDataSet = pandas.DataFrame([[1, 2.5]])")).only
    assert only.rows == [(1, 2.5)]
