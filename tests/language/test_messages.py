"""Messages and errors, with the texts of SQL Server 2022."""

import re

import pytest

from harness.scripts import FAILS, FAILURE_TEXTS, PRINTED, PRINTS, script


def test_print_is_an_informative_message(sql):
    outcome = sql.run(PRINTS).check()
    (message,) = [message for message in outcome.messages if message.number == 39005]
    assert message.severity <= 10
    assert message.text.rstrip("\n") == PRINTED


def test_print_of_rows_goes_to_messages(sql):
    outcome = sql.run(script("print(InputDataSet)", query="SELECT 17 AS col")).check()
    assert outcome.sets == []
    assert "17" in outcome.printed()


def test_stderr(sql):
    outcome = sql.run(script("import sys\nsys.stderr.write('to stderr\\n')")).check()
    (text,) = outcome.texts(39022)
    assert text.rstrip("\n") == "STDERR message(s) from external script: \nto stderr"


def test_what_a_child_process_writes(sql):
    outcome = sql.run(script("import subprocess\nsubprocess.run(['echo', 'from a child'])")).check()
    assert "from a child" in outcome.printed()


def test_much_output_arrives_whole(sql):
    outcome = sql.run(script("for n in range(5000): print('line', n)")).check()
    # A message holds 4,000 characters, so one may end within a line.
    printed = outcome.printed().replace("\n", "")
    assert printed == "".join(f"line {n}" for n in range(5000))


def test_failure(sql):
    outcome = sql.run(FAILS)
    assert outcome.numbers == [39004, 39019]
    first, second = outcome.errors
    assert (first.severity, first.state) == (16, 20)
    assert (second.severity, second.state) == (16, 2)
    for error, pattern in zip(outcome.errors, FAILURE_TEXTS):
        assert re.match(pattern, error.text), error.text


def test_what_a_failing_script_printed_comes_first(sql):
    outcome = sql.run(script("print('before')\nraise ValueError('no')"))
    numbers = [message.number for message in outcome.messages]
    assert numbers.index(39005) < numbers.index(39004) < numbers.index(39019)


def test_syntax_error(sql):
    outcome = sql.run(script("\n\nx = = 1"))
    assert outcome.numbers == [39004, 39019]
    assert 'File "<string>", line 3' in outcome.errors[1].text
    assert "SyntaxError: invalid syntax" in outcome.errors[1].text


def test_output_that_is_no_data_frame(sql):
    outcome = sql.run(script("OutputDataSet = [1, 2]"))
    assert outcome.numbers == [39004, 39019]
    assert "DataFrame" in outcome.errors[1].text


@pytest.mark.parametrize("exit", ["import sys; sys.exit(3)", "exit('no')", "raise KeyboardInterrupt"])
def test_leaving_early_with_an_error(sql, exit):
    assert sql.run(script(exit)).numbers == [39004, 39019]


def test_leaving_early_without_one_is_an_end_like_any_other(sql):
    text = "import sys\nOutputDataSet = pandas.DataFrame([5])\nsys.exit(0)\nraise ValueError('not reached')"
    assert sql.run(script(text)).value == 5


@pytest.mark.parametrize(
    "query",
    ["DELETE FROM t", "EXEC sp_who", "SELECT 1; SELECT 2", "DECLARE @x int"],
)
def test_39001_input_that_is_not_one_select(sql, query):
    outcome = sql.run(script("pass", query=query))
    assert outcome.numbers == [39001]
    assert outcome.errors[0].text == (
        "Only SELECT statement is supported for input data query to 'sp_execute_external_script' stored procedure."
    )


def test_39007_unknown_language(sql):
    outcome = sql.run("EXEC sp_execute_external_script @language = N'Cobol', @script = N''")
    assert outcome.numbers == [39007]
    assert outcome.errors[0].text == (
        "The specified language 'Cobol' does not exist or you do not have permission."
    )


@pytest.mark.parametrize("name", ["script", "Language", "input_data_1", "params", "parallel"])
def test_39008_parameter_named_like_the_procedures_own(sql, name):
    outcome = sql.run(
        f"EXEC sp_execute_external_script @language = N'Python', @script = N'', @params = N'@{name} int'"
    )
    assert outcome.numbers == [39008]
    assert outcome.errors[0].text == (
        f"Invlid Parameter name '@{name}' specified for Procedure. This clashes with internal parameters."
    )


def test_39015_select_into(sql):
    outcome = sql.run(script("pass", query="SELECT 1 AS a INTO copy"))
    assert outcome.numbers == [39015]
    assert outcome.errors[0].text == (
        "SELECT INTO statement is not supported for input data query to "
        "'sp_execute_external_script' stored procedure."
    )


def test_39016_parameter_not_supplied(sql):
    outcome = sql.run(script("pass", params="N'@a int, @b int'", a="1"))
    assert outcome.numbers == [39016]
    assert outcome.errors[0].text == (
        "The parameterized external script expects the parameter '@b', which was not supplied."
    )


def test_39027_parameter_given_twice(sql):
    outcome = sql.run(script("pass", params="N'@a int'", a="1, @a = 2"))
    assert outcome.numbers == [39027]
    assert outcome.errors[0].text == (
        "Parameter '@a' was specified multiple times to sp_execute_external_script stored procedure."
    )


def test_an_error_in_the_query_is_the_databases_own(sql):
    outcome = sql.run(script("pass", query="SELECT * FROM no_such_table"))
    assert outcome.numbers[0] == 208
    assert outcome.errors[0].text == "Invalid object name 'no_such_table'."


def test_a_query_that_fails_on_a_later_row_ends_the_script(sql):
    query = "SELECT 1 / (n - 3) AS q FROM (VALUES (1), (2), (3)) AS t(n)"
    outcome = sql.run(script("OutputDataSet = InputDataSet", query=query))
    assert 8134 in outcome.numbers
    assert sql.run("SELECT 1 AS alive").value == 1
