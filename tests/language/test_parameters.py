"""Scalars into the script and out of it."""

from decimal import Decimal

import pytest

from harness.scripts import SCALARS, script


def test_scalars_and_output(sql):
    assert sql.run(SCALARS).rows == [(42, "grüße dich")]


def test_each_parameter_with_or_without_output(sql):
    batch = """
DECLARE @a int = 1, @b int = 2, @c int = 3;
EXEC sp_execute_external_script @language = N'Python', @script = N'a, b, c = 10, 20, 30',
     @params = N'@a int OUT, @b int, @c int OUTPUT', @a = @a OUT, @b = @b, @c = @c;
SELECT @a AS a, @b AS b, @c AS c;
"""
    # @c is declared OUTPUT, but the call doesn't ask for it.
    assert sql.run(batch).rows == [(10, 2, 3)]


def test_names_of_parameters_are_matched_without_case_and_spelled_as_declared(sql):
    call = script("print(ParamINT)", params="N'@ParamINT int'", paramint="5")
    assert sql.run(call).check().printed().strip() == "5"


@pytest.mark.parametrize(
    ("declared", "given", "seen"),
    [
        ("bit", "1", "True"),
        ("tinyint", "255", "255"),
        ("int", "-7", "-7"),
        ("bigint", "9223372036854775807", "9223372036854775807"),
        ("real", "0.5", "0.5"),
        ("float", "1e-300", "1e-300"),
        ("nvarchar(10)", "N'grün'", "'grün'"),
        ("nvarchar(2)", "N'grün'", "'gr'"),
        ("varchar(max)", "'x'", "'x'"),
        ("varbinary(4)", "0xDEADBEEF", r"b'\xde\xad\xbe\xef'"),
        ("int", "NULL", "None"),
        ("nvarchar(max)", "NULL", "None"),
    ],
)
def test_what_python_sees(sql, declared, given, seen):
    call = script("print(repr(value))", params=f"N'@value {declared}'", value=given)
    assert sql.run(call).check().printed().strip() == seen


@pytest.mark.parametrize(
    ("declared", "assigned", "value"),
    [
        ("bit", "True", True),
        ("int", "None", None),
        ("int", "float('nan')", None),
        ("float", "3", 3.0),
        ("decimal(9,3)", "2.5", Decimal("2.500")),
        ("nvarchar(20)", "'naïve'", "naïve"),
        ("nvarchar(2)", "'naïve'", "na"),
        ("varbinary(max)", "bytearray(b'\\x00\\xff')", b"\x00\xff"),
        ("varbinary(max)", "None", None),
    ],
)
def test_what_comes_back(sql, declared, assigned, value):
    text = f"value = {assigned}".replace("'", "''")
    batch = f"""
DECLARE @value {declared};
EXEC sp_execute_external_script @language = N'Python', @script = N'{text}',
     @params = N'@value {declared} OUTPUT', @value = @value OUTPUT;
SELECT @value AS value;
"""
    assert sql.run(batch).value == value


def test_output_that_the_script_never_assigns_is_null(sql):
    batch = """
DECLARE @model varbinary(max);
EXEC sp_execute_external_script @language = N'Python', @script = N'del model',
     @params = N'@model varbinary(max) OUTPUT', @model = @model OUTPUT;
SELECT CASE WHEN @model IS NULL THEN 1 ELSE 0 END AS is_null;
"""
    assert sql.run(batch).value == 1


def test_types_of_variable_and_parameter_may_differ(sql):
    batch = """
DECLARE @word varchar(6) = 'abc', @number smallint = 3;
EXEC sp_execute_external_script @language = N'Python', @script = N'print(repr(word), repr(number))',
     @params = N'@word char(6), @number float', @word = @word, @number = @number;
"""
    assert sql.run(batch).check().printed().strip() == "'abc   ' 3.0"


def test_a_model_of_megabytes_goes_round(sql):
    batch = """
DECLARE @model varbinary(max), @length int;
EXEC sp_execute_external_script @language = N'Python', @script = N'model = bytes(range(256)) * 16384',
     @params = N'@model varbinary(max) OUTPUT', @model = @model OUTPUT;
EXEC sp_execute_external_script @language = N'Python',
     @script = N'length = len(model) if model == bytes(range(256)) * 16384 else -1',
     @params = N'@model varbinary(max), @length int OUTPUT', @model = @model, @length = @length OUTPUT;
SELECT @length AS length;
"""
    assert sql.run(batch).value == 256 * 16384
