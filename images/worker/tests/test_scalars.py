"""Parameters, in and out."""

import datetime
import decimal

import pyarrow as pa
import pytest

from controller import field, run

D = decimal.Decimal


def given(arrow_type, sql_type, value, script="print(repr(x))"):
    return run(script, parameters=[(field("x", arrow_type, sql_type), value)])


@pytest.mark.parametrize(
    "arrow_type, sql_type, value, shown",
    [
        (pa.bool_(), "bit", True, "True"),
        (pa.uint8(), "tinyint", 255, "255"),
        (pa.int64(), "bigint", -(2**63), str(-(2**63))),
        (pa.float32(), "real", 1.5, "1.5"),
        (pa.float64(), "float", 0.1, "0.1"),
        (pa.decimal128(15, 2), "decimal(15,2)", D("1.25"), "1.25"),
        (pa.decimal128(16, 2), "decimal(16,2)", D("1.25"), "Decimal('1.25')"),
        (pa.decimal128(10, 4), "smallmoney", D("1.25"), "Decimal('1.2500')"),
        (pa.string(), "nvarchar(5)", "äπ", "'äπ'"),
        (pa.binary(), "varbinary(5)", b"\0", "b'\\x00'"),
        (pa.date32(), "date", datetime.date(2020, 1, 2), "datetime.date(2020, 1, 2)"),
        (pa.timestamp("us"), "datetime", datetime.datetime(2020, 1, 2),
         "datetime.datetime(2020, 1, 2, 0, 0)"),
        (pa.string(), "nvarchar(5)", None, "None"),
        (pa.int32(), "int", None, "None"),
    ],
)
def test_values_that_scripts_see(arrow_type, sql_type, value, shown):
    assert given(arrow_type, sql_type, value).stdout == shown + "\n"


def assigned(arrow_type, sql_type, expression):
    result = run(
        f"import datetime, decimal, uuid\nx = {expression}",
        parameters=[(field("x", arrow_type, sql_type, output=True), None)],
    )
    assert result.done, result.failed
    return result.results["x"]


@pytest.mark.parametrize(
    "arrow_type, sql_type, expression, expected",
    [
        (pa.bool_(), "bit", "np.bool_(True)", True),
        (pa.bool_(), "bit", "2", True),
        (pa.int32(), "int", "np.int64(7)", 7),
        (pa.int32(), "int", "True", 1),
        (pa.int32(), "int", "7.0", 7),
        (pa.int32(), "int", "7.5", None),
        (pa.int32(), "int", "'7'", None),
        (pa.float64(), "float", "1", 1.0),
        (pa.float64(), "float", "np.float32(0.5)", 0.5),
        (pa.float64(), "float", "float('nan')", None),
        (pa.float64(), "float", "float('inf')", None),
        (pa.float64(), "float", "decimal.Decimal('1.5')", 1.5),
        (pa.decimal128(5, 2), "decimal(5,2)", "1.005", D("1.01")),
        (pa.decimal128(5, 2), "decimal(5,2)", "12", D("12.00")),
        (pa.decimal128(5, 2), "decimal(5,2)", "decimal.Decimal('-0.005')", D("-0.01")),
        (pa.decimal128(38, 0), "decimal(38,0)", "10**38 - 1", D(10**38 - 1)),
        (pa.string(), "nvarchar(3)", "'abcdef'", "abc"),
        (pa.string(), "nvarchar(3)", "'\\U0001d11e\\U0001d11e'", "\U0001d11e"),
        (pa.string(), "varchar(3)", "'äöüß'", "äöü"),
        (pa.string(), "nvarchar(max)", "'x' * 100_000", "x" * 100_000),
        (pa.string(), "nvarchar(3)", "7", None),
        (pa.string(), "uniqueidentifier", "uuid.UUID(int=1)",
         "00000000-0000-0000-0000-000000000001"),
        (pa.binary(), "varbinary(max)", "bytearray(b'ab')", b"ab"),
        (pa.binary(), "varbinary(1)", "memoryview(b'ab')", b"a"),
        (pa.binary(), "varbinary(max)", "'ab'", None),
        (pa.date32(), "date", "pandas.Timestamp('2020-01-02 03:04')", datetime.date(2020, 1, 2)),
        (pa.timestamp("us"), "datetime", "np.datetime64('2020-01-02')",
         datetime.datetime(2020, 1, 2)),
        (pa.timestamp("us"), "datetime", "pandas.Timestamp('2020-01-02')",
         datetime.datetime(2020, 1, 2)),
        (pa.timestamp("us"), "datetime", "pandas.NaT", None),
        (pa.timestamp("us"), "datetime", "pandas.NA", None),
        (pa.int32(), "int", "None", None),
        (pa.int32(), "int", "DataFrame()", None),
    ],
)
def test_values_that_come_back(arrow_type, sql_type, expression, expected):
    assert assigned(arrow_type, sql_type, expression) == expected


def test_a_deleted_variable_is_null_and_an_untouched_one_stays():
    parameters = [(field("x", pa.int32(), "int", output=True), 1),
                  (field("y", pa.int32(), "int", output=True), 2),
                  (field("z", pa.int32(), "int"), 3)]
    assert run("del x; z = 4", parameters=parameters).results == {"x": None, "y": 2}


@pytest.mark.parametrize(
    "arrow_type, sql_type, expression",
    [
        (pa.uint8(), "tinyint", "256"),
        (pa.int32(), "int", "2**31"),
        (pa.decimal128(5, 2), "decimal(5,2)", "1000"),
        (pa.decimal128(5, 2), "decimal(5,2)", "1e300"),
    ],
)
def test_numbers_that_do_not_fit_are_an_error(arrow_type, sql_type, expression):
    result = run(f"x = {expression}",
                 parameters=[(field("x", arrow_type, sql_type, output=True), None)])
    assert f"does not fit its declared type {sql_type}" in result.failed["traceback"]
