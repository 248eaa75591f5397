"""Parameters, in and out."""

import datetime
import decimal
import struct

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
        (pa.binary(10), "datetimeoffset(7)", struct.pack("<qh", 0, 60),
         "datetime.datetime(1970, 1, 1, 1, 0, tzinfo=datetime.timezone("
         "datetime.timedelta(seconds=3600)))"),
        (pa.time64("us"), "time(7)", datetime.time(1), "datetime.time(1, 0)"),
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
    "sql_type, expression, expected",
    [
        ("bit", "np.bool_(True)", True),
        ("bit", "2", 2),
        ("int", "np.int64(7)", 7),
        ("int", "7.5", 7.5),
        ("int", "'7'", "7"),
        ("int", "10**30", D(10**30)),
        ("float", "np.float32(0.5)", 0.5),
        ("float", "float('inf')", float("inf")),
        ("int", "float('nan')", None),
        ("decimal(5,2)", "decimal.Decimal('-0.005')", D("-0.005")),
        ("decimal(5,2)", "decimal.Decimal('Infinity')", None),
        ("nvarchar(3)", "'abcdef'", "abc"),
        ("nvarchar(3)", "'\\U0001d11e\\U0001d11e'", "\U0001d11e"),
        ("varchar(3)", "'äöüß'", "äöü"),
        ("nvarchar(max)", "'x' * 100_000", "x" * 100_000),
        ("uniqueidentifier", "uuid.UUID(int=1)", bytes(15) + b"\1"),
        ("varbinary(max)", "bytearray(b'ab')", b"ab"),
        ("varbinary(1)", "memoryview(b'ab')", b"a"),
        ("date", "datetime.date(2020, 1, 2)", datetime.date(2020, 1, 2)),
        ("datetime", "np.datetime64('2020-01-02')", datetime.datetime(2020, 1, 2)),
        ("datetime2(7)", "pandas.Timestamp('2020-01-02')", datetime.datetime(2020, 1, 2)),
        ("time(7)", "datetime.time(1, 2)", datetime.time(1, 2)),
        ("datetimeoffset(7)", "pandas.Timestamp(0, tz='Asia/Kolkata')", struct.pack("<qh", 0, 330)),
        ("datetime", "pandas.NaT", None),
        ("datetime", "pandas.NA", None),
        ("int", "None", None),
    ],
)
def test_values_that_come_back(sql_type, expression, expected):
    assert assigned(pa.null(), sql_type, expression) == expected


def test_float_nan_is_left_to_the_controller():
    value = assigned(pa.float64(), "float", "float('nan')")
    assert value != value


def test_a_deleted_variable_is_null_and_an_untouched_one_stays():
    parameters = [(field("x", pa.int32(), "int", output=True), 1),
                  (field("y", pa.int32(), "int", output=True), 2),
                  (field("z", pa.int32(), "int"), 3)]
    assert run("del x; z = 4", parameters=parameters).results == {"x": None, "y": 2}


@pytest.mark.parametrize(
    "expression, shown",
    [("DataFrame()", "DataFrame"), ("[1]", "list"), ("object()", "object"), ("1j", "complex"),
     ("datetime.timedelta(1)", "timedelta")],
)
def test_values_without_a_sql_type_are_named(expression, shown):
    result = run(f"import datetime\nx = {expression}",
                 parameters=[(field("x", pa.int32(), "int", output=True), None)])
    traceback = result.failed["traceback"]
    assert "Unsupported data type" in traceback and shown in traceback
    assert "in OUTPUT parameter 'x', which is declared as int" in traceback
