"""WITH RESULT SETS: what the caller promises itself, and what happens when it isn't so."""

import pytest

from harness.scripts import ROWS, script

TWO_COLUMNS = "SELECT 1 AS a, N'x' AS b"


def test_without_the_clause_columns_have_no_names(sql):
    only = sql.run(script(ROWS, query=TWO_COLUMNS)).only
    assert only.names == ["", ""]
    assert only.rows == [(1, "x")]
    assert only.types[0] == "int"


def test_undefined_is_as_without(sql):
    only = sql.run(script(ROWS, query=TWO_COLUMNS, clause="WITH RESULT SETS UNDEFINED")).only
    assert only.names == ["", ""]
    assert only.rows == [(1, "x")]


def test_columns_are_renamed_and_converted(sql):
    clause = "WITH RESULT SETS ((n varchar(10) NOT NULL, s nvarchar(5) COLLATE Latin1_General_CI_AS NULL))"
    only = sql.run(script(ROWS, query=TWO_COLUMNS, clause=clause)).only
    assert only.names == ["n", "s"]
    assert only.types == ["varchar(10)", "nvarchar(5)"]
    assert only.nullable == [False, True]
    assert only.rows == [("1", "x")]


def test_none_and_no_result_set(sql):
    assert sql.run(script("x = 1", clause="WITH RESULT SETS NONE")).check().sets == []


def test_none_but_a_result_set(sql):
    outcome = sql.run(script(ROWS, query=TWO_COLUMNS, clause="WITH RESULT SETS NONE"))
    assert outcome.numbers == [11535]
    assert outcome.errors[0].text == (
        "EXECUTE statement failed because its WITH RESULT SETS clause specified 0 result set(s), "
        "and the statement tried to send more result sets than this."
    )


def test_promised_but_none_sent(sql):
    outcome = sql.run(script("x = 1", clause="WITH RESULT SETS ((a int))"))
    assert outcome.numbers == [11536]
    assert outcome.errors[0].text == (
        "EXECUTE statement failed because its WITH RESULT SETS clause specified 1 result set(s), "
        "but the statement only sent 0 result set(s) at run time."
    )


def test_another_number_of_columns(sql):
    outcome = sql.run(script(ROWS, query=TWO_COLUMNS, clause="WITH RESULT SETS ((a int))"))
    assert outcome.numbers == [11537]
    assert outcome.errors[0].text == (
        "EXECUTE statement failed because its WITH RESULT SETS clause specified 1 column(s) for "
        "result set number 1, but the statement sent 2 column(s) at run time."
    )


def test_no_conversion_between_the_types(sql):
    call = script(
        "import datetime\nOutputDataSet = pandas.DataFrame({'d': [datetime.date(2026, 1, 2)]})",
        clause="WITH RESULT SETS ((d int))",
    )
    outcome = sql.run(call)
    assert outcome.numbers == [11538]
    assert "specified type 'int' for column #1 in result set #1" in outcome.errors[0].text
    assert "there is no conversion between the two types." in outcome.errors[0].text


def test_null_in_a_column_that_has_none(sql):
    call = script(
        "OutputDataSet = pandas.DataFrame({'a': [1.0, None]})", clause="WITH RESULT SETS ((a int NOT NULL))"
    )
    outcome = sql.run(call)
    assert outcome.numbers == [11553]
    assert "a non-nullable type for column #1 in result set #1" in outcome.errors[0].text


def test_more_result_sets_promised_than_there_are(sql):
    outcome = sql.run(script(ROWS, query="SELECT 1 AS a", clause="WITH RESULT SETS ((a int), (b int))"))
    assert outcome.numbers == [11536]
    assert outcome.sets[0].rows == [(1,)]


def test_a_failing_script_gives_both_errors(sql):
    outcome = sql.run(script("raise ValueError('no')", clause="WITH RESULT SETS ((a int))"))
    assert outcome.numbers == [39004, 39019, 11536]


def test_the_session_goes_on_after_each(sql):
    for clause in ["WITH RESULT SETS NONE", "WITH RESULT SETS ((a int))"]:
        assert sql.run(script(ROWS, query=TWO_COLUMNS, clause=clause)).errors
        assert sql.run("SELECT 1 AS alive").value == 1


@pytest.mark.parametrize(
    ("declared", "shown"),
    [
        ("bit", "bit"),
        ("tinyint", "tinyint"),
        ("smallint", "smallint"),
        ("int", "int"),
        ("bigint", "bigint"),
        ("real", "real"),
        ("float", "float"),
        ("decimal(9,3)", "decimal(9,3)"),
        ("money", "money"),
        ("char(3)", "char(3)"),
        ("varchar(9)", "varchar(9)"),
        ("varchar(max)", "varchar(max)"),
        ("nchar(3)", "nchar(3)"),
        ("nvarchar(9)", "nvarchar(9)"),
        ("nvarchar(max)", "nvarchar(max)"),
        ("binary(3)", "binary(3)"),
        ("varbinary(9)", "varbinary(9)"),
        ("varbinary(max)", "varbinary(max)"),
        ("date", "date"),
        ("datetime", "datetime"),
        ("uniqueidentifier", "uniqueidentifier"),
    ],
)
def test_types_of_an_empty_table(sql, declared, shown):
    batch = f"CREATE TABLE #empty (c {declared}); SELECT c FROM #empty; DROP TABLE #empty"
    only = sql.run(batch).only
    assert (only.names, only.types, only.rows) == (["c"], [shown], [])


def test_types_of_an_empty_result_of_a_script(sql):
    clause = "WITH RESULT SETS ((i int, s nvarchar(7), d decimal(5,2), b varbinary(max), t datetime))"
    text = "OutputDataSet = pandas.DataFrame(columns=list('isdbt'))"
    only = sql.run(script(text, clause=clause)).only
    assert only.types == ["int", "nvarchar(7)", "decimal(5,2)", "varbinary(max)", "datetime"]
    assert only.rows == []
