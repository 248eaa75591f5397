"""The DataFrame that scripts see."""

import datetime
import decimal
import struct

import pyarrow as pa
import pytest

from controller import field, run


def given(columns, script, rows_per_batch=2, **how):
    """Runs a script on columns of (field, values)."""
    schema = pa.schema([f for f, _ in columns])
    arrays = [pa.array(values, f.type) for f, values in columns]
    whole = pa.Table.from_arrays(arrays, schema=schema)
    return run(script, batches=whole.to_batches(rows_per_batch), schema=schema, **how)


D = decimal.Decimal
CASES = [
    ("bit", pa.bool_(), [True, False], "bool", "boolean"),
    ("tinyint", pa.uint8(), [0, 255], "uint8", "UInt8"),
    ("smallint", pa.int16(), [-32768, 1], "int16", "Int16"),
    ("int", pa.int32(), [-(2**31), 1], "int32", "Int32"),
    ("bigint", pa.int64(), [2**63 - 1, 1], "int64", "Int64"),
    ("real", pa.float32(), [1.5, 2.0], "float32", "float32"),
    ("float", pa.float64(), [0.1, 2.0], "float64", "float64"),
    ("decimal(15,2)", pa.decimal128(15, 2), [D("1.25"), D("-3")], "float64", "float64"),
    ("decimal(16,2)", pa.decimal128(16, 2), [D("1.25"), D("-3")], "object", "object"),
    ("money", pa.decimal128(19, 4), [D("1.25"), D("-3")], "object", "object"),
    ("smallmoney", pa.decimal128(10, 4), [D("1.25"), D("-3")], "object", "object"),
    ("nvarchar(9)", pa.string(), ["", "äπ𝄞"], "object", "object"),
    ("varbinary(9)", pa.binary(), [b"", b"\0\xff"], "object", "object"),
    ("date", pa.date32(), [datetime.date(1, 1, 1), datetime.date(9999, 12, 31)],
     "object", "object"),
    ("datetime", pa.timestamp("us"),
     [datetime.datetime(1753, 1, 1), datetime.datetime(9999, 12, 31, 23, 59, 59, 996667)],
     "datetime64[us]", "datetime64[us]"),
    ("datetime2(7)", pa.timestamp("us"),
     [datetime.datetime(1, 1, 1), datetime.datetime(9999, 12, 31, 23, 59, 59, 999999)],
     "datetime64[us]", "datetime64[us]"),
    ("time(7)", pa.time64("us"), [datetime.time(), datetime.time(23, 59, 59, 999999)],
     "object", "object"),
    ("datetimeoffset(7)", pa.binary(10),
     [struct.pack("<qh", 0, 0), struct.pack("<qh", -10, -840), struct.pack("<qh", 50, 840)],
     "object", "object"),
    ("xml", pa.string(), ["<a/>", ""], "object", "object"),
    ("uniqueidentifier", pa.string(), ["6F9619FF-8B86-D011-B42D-00C04FC964FF"] * 2,
     "object", "object"),
]


@pytest.mark.parametrize("sql_type, arrow_type, values, dtype, null_dtype", CASES)
@pytest.mark.parametrize("with_null", [False, True])
@pytest.mark.parametrize("shared", [False, True])
def test_types(sql_type, arrow_type, values, dtype, null_dtype, with_null, shared):
    # More batches than there are slots.
    values = 3 * values + [None] if with_null else 3 * values
    result = given(
        [(field("c", arrow_type, sql_type), values)],
        "print(InputDataSet.c.dtype, [type(v).__name__ for v in InputDataSet.c])\n"
        "OutputDataSet = InputDataSet",
        shared=shared,
    )
    assert result.done, result.failed
    assert result.stdout.split()[0] == (null_dtype if with_null else dtype)
    if null_dtype == "object" and with_null:
        assert "NoneType" in result.stdout
    if result.schema.field(0).type == pa.float64() and pa.types.is_decimal(arrow_type):
        values = [None if v is None else float(v) for v in values]
    sent = [None if v != v else v for v in result.column()]
    assert sent == values


def test_moments_keep_their_offset():
    values = [struct.pack("<qh", 13, 330), None]
    result = given(
        [(field("c", pa.binary(10), "datetimeoffset(7)"), values)],
        "print([str(value) for value in InputDataSet.c])",
    )
    assert result.stdout == "['1970-01-01 05:30:00.000001+05:30', 'None']\n"


@pytest.mark.parametrize(
    "arrow_type, sql_type, value, dtype",
    [
        (pa.int32(), "int", 1, "float64"),
        (pa.bool_(), "bit", True, "object"),
        (pa.float64(), "bigint", 1.0, "float64"),
    ],
)
def test_nulls_as_sql_servers_runtime_shows_them(arrow_type, sql_type, value, dtype):
    schema = pa.schema([field("c", arrow_type, sql_type)])
    batch = pa.record_batch([pa.array([value, None], arrow_type)], schema=schema)
    result = run("print(InputDataSet.c.dtype)", batches=[batch], schema=schema,
                 type_mapping="sqlserver")
    assert result.stdout == dtype + "\n"


def test_no_rows_keep_columns_and_types():
    result = given(
        [(field("a", pa.int32(), "int"), []), (field("b", pa.string(), "nvarchar(5)"), [])],
        "print(InputDataSet.shape, list(InputDataSet.dtypes))\nOutputDataSet = InputDataSet",
    )
    assert result.stdout == "(0, 2) [dtype('int32'), dtype('O')]\n"
    assert result.schema.field(0).type == pa.int32()
    assert result.table.num_rows == 0


def test_names_may_be_missing_or_occur_twice():
    result = given(
        [(field("", pa.int32(), "int"), [1]), (field("", pa.int32(), "int"), [2]),
         (field("x y", pa.int32(), "int"), [3])],
        "print(list(InputDataSet.columns))\nOutputDataSet = InputDataSet",
    )
    assert result.stdout == "['', '', 'x y']\n"
    assert [result.column(i) for i in range(3)] == [[1], [2], [3]]


def test_the_input_can_be_changed_in_place():
    result = given(
        [(field("a", pa.int32(), "int"), [1, 2]), (field("d", pa.timestamp("us"), "datetime"),
         [datetime.datetime(2020, 1, 1)] * 2)],
        "InputDataSet.loc[0, 'a'] = 9\nInputDataSet['a'].to_numpy()\n"
        "InputDataSet.loc[0, 'd'] = pandas.Timestamp('2021-01-01')\n"
        "OutputDataSet = InputDataSet",
        rows_per_batch=10,
    )
    assert result.column(0) == [9, 2], result.failed


def test_batches_larger_than_a_frame():
    values = ["x" * 1000] * 5000
    result = given(
        [(field("t", pa.string(), "nvarchar(max)"), values)],
        "OutputDataSet = DataFrame({'n': [len(InputDataSet), InputDataSet.t.str.len().sum()]})",
        rows_per_batch=2500,
    )
    assert result.column() == [5000, 5_000_000]
    assert result.pulls == 3


def test_names_of_the_data_sets():
    schema = pa.schema([field("a", pa.int32(), "int")])
    batch = pa.record_batch([pa.array([1], pa.int32())], schema=schema)
    result = run("b = a", batches=[batch], schema=schema, input_name="a", output_name="b")
    assert result.column() == [1]
    same = run("a['a'] += 1", batches=[batch], schema=schema, input_name="a", output_name="a")
    assert same.column() == [2]
