"""What is sent of the output."""

import datetime
import decimal
import struct

import pyarrow as pa
import pytest

from controller import run

OFFSET = pa.binary(10)


def moment(utc, minutes):
    """A moment as it is sent."""
    ticks = (utc - datetime.datetime(1970, 1, 1)) // datetime.timedelta(microseconds=1) * 10
    return struct.pack("<qh", ticks, minutes)


HEAD = "import datetime, decimal, uuid\n"


def output(expression, **options):
    return run(f"{HEAD}OutputDataSet = {expression}", **options)


def column(values, **options):
    """The type and the values of a one-column output."""
    result = output(f"DataFrame({{'c': {values}}})", **options)
    assert result.done, result.failed
    return result.schema.field(0).type, result.column()


CASES = [
    ("[True, False]", pa.bool_(), [True, False]),
    ("pandas.array([True, None], dtype='boolean')", pa.bool_(), [True, None]),
    ("pandas.Series([True, None], dtype=object)", pa.bool_(), [True, None]),
    ("np.array([1], 'int8')", pa.int8(), [1]),
    ("np.array([1], 'uint8')", pa.uint8(), [1]),
    ("np.array([1], '>i4')", pa.int32(), [1]),
    ("np.array([1.5], '>f8')", pa.float64(), [1.5]),
    ("[decimal.Decimal('Infinity'), decimal.Decimal('sNaN'), decimal.Decimal('1.5')]",
     pa.decimal128(2, 1), [None, None, decimal.Decimal("1.5")]),
    ("pandas.Series([datetime.date(2020, 1, 1), datetime.datetime(2020, 1, 1, 5), None], dtype=object)",
     pa.timestamp("us"), [datetime.datetime(2020, 1, 1), datetime.datetime(2020, 1, 1, 5), None]),
    ("pandas.Series([datetime.datetime(2020, 1, 1, 5), datetime.date(9999, 1, 1)], dtype=object)",
     pa.timestamp("us"), [datetime.datetime(2020, 1, 1, 5), datetime.datetime(9999, 1, 1)]),
    ("pandas.Series([np.datetime64('2020-01-01T05'), None], dtype=object)",
     pa.timestamp("us"), [datetime.datetime(2020, 1, 1, 5), None]),
    ("np.array([1], 'int16')", pa.int16(), [1]),
    ("np.array([1], 'uint16')", pa.uint16(), [1]),
    ("np.array([1], 'int32')", pa.int32(), [1]),
    ("np.array([1], 'uint32')", pa.uint32(), [1]),
    ("[1]", pa.int64(), [1]),
    ("np.array([2**64 - 1], 'uint64')", pa.uint64(), [2**64 - 1]),
    ("pandas.array([1, None], dtype='Int32')", pa.int32(), [1, None]),
    ("pandas.Series([1, None], dtype=object)", pa.int64(), [1, None]),
    ("pandas.Series([np.int64(5), np.uint8(6), None], dtype=object)", pa.int64(), [5, 6, None]),
    ("pandas.Series([10**30, None], dtype=object)", pa.decimal128(38, 0),
     [decimal.Decimal(10**30), None]),
    ("np.array([1.5], 'float16')", pa.float32(), [1.5]),
    ("np.array([1.5], 'float32')", pa.float32(), [1.5]),
    ("[1.5, 2]", pa.float64(), [1.5, 2.0]),
    ("np.array([1.5], 'longdouble')", pa.float64(), [1.5]),
    ("pandas.Series([1.5, None, 2], dtype=object)", pa.float64(), [1.5, None, 2.0]),
    ("pandas.array([1.5, None], dtype='Float64')", pa.float64(), [1.5, None]),
    ("['a', None]", pa.string(), ["a", None]),
    ("pandas.Series(['a', None, float('nan')], dtype=object)", pa.string(), ["a", None, None]),
    ("pandas.array(['a', None], dtype='string[pyarrow]')", pa.string(), ["a", None]),
    ("pandas.array(['a', None], dtype='string[python]')", pa.string(), ["a", None]),
    ("[b'a', None]", pa.binary(), [b"a", None]),
    ("[bytearray(b'a'), memoryview(b'b')]", pa.binary(), [b"a", b"b"]),
    ("np.array([b'ab'], 'S2')", pa.binary(), [b"ab"]),
    ("[decimal.Decimal('1.50'), decimal.Decimal('-12'), None]", pa.decimal128(4, 2),
     [decimal.Decimal("1.50"), decimal.Decimal("-12"), None]),
    ("[decimal.Decimal('1E+3'), decimal.Decimal('NaN')]", pa.decimal128(4, 0),
     [decimal.Decimal(1000), None]),
    ("[datetime.date(9999, 12, 31), None]", pa.date32(), [datetime.date(9999, 12, 31), None]),
    ("[datetime.time(1, 2, 3, 4), None]", pa.time64("us"), [datetime.time(1, 2, 3, 4), None]),
    ("pandas.Series([datetime.datetime(1, 1, 1), None], dtype=object)", pa.timestamp("us"),
     [datetime.datetime(1, 1, 1), None]),
    ("np.array(['2020-01-01T00:00:00.123456789', 'NaT'], 'datetime64[ns]')", pa.timestamp("us"),
     [datetime.datetime(2020, 1, 1, 0, 0, 0, 123456), None]),
    ("np.array(['2020-01-01'], 'datetime64[s]')", pa.timestamp("us"),
     [datetime.datetime(2020, 1, 1)]),
    ("pandas.Series(np.array([1, -1], 'datetime64[ns]')).astype('timestamp[ns][pyarrow]')",
     pa.timestamp("us"), [datetime.datetime(1970, 1, 1), datetime.datetime(1970, 1, 1)]),
    ("pandas.to_datetime(['2020-01-01T12:00+02:00', None])", OFFSET,
     [moment(datetime.datetime(2020, 1, 1, 10), 120), None]),
    ("pandas.to_datetime(['2020-07-01']).tz_localize('Europe/Berlin')", OFFSET,
     [moment(datetime.datetime(2020, 6, 30, 22), 120)]),
    ("pandas.Series(pandas.to_datetime(['2020-01-01', None]).tz_localize('Asia/Kolkata'),"
     "dtype='timestamp[us, Asia/Kolkata][pyarrow]')", OFFSET,
     [moment(datetime.datetime(2019, 12, 31, 18, 30), 330), None]),
    ("pandas.Series([datetime.datetime(1, 1, 2, tzinfo=datetime.timezone("
     "-datetime.timedelta(hours=14))), None, datetime.datetime(1970, 1, 1)], dtype=object)", OFFSET,
     [moment(datetime.datetime(1, 1, 2, 14), -840), None, moment(datetime.datetime(1970, 1, 1), 0)]),
    ("[uuid.UUID(int=1), None]", pa.binary(16), [bytes(15) + b"\1", None]),
    ("['a', 1, None]", pa.string(), ["a", "1", None]),
    ("pandas.Categorical(['x', 'y', None])", pa.string(), ["x", "y", None]),
    ("pandas.Categorical([3, 1])", pa.int64(), [3, 1]),
    ("pandas.Series([1], dtype='int32[pyarrow]')", pa.int32(), [1]),
    ("pandas.Series([None], dtype=object)", pa.null(), [None]),
    ("pandas.Series([], dtype=object)", pa.null(), []),
]


@pytest.mark.parametrize("values, arrow_type, expected", CASES)
def test_types(values, arrow_type, expected):
    assert column(values) == (arrow_type, expected)


UNSUPPORTED = [
    ("np.array([1j])", "complex128"),
    ("pandas.to_timedelta(['1s'])", "timedelta64"),
    ("pandas.period_range('2020', periods=1)", "period"),
    ("pandas.interval_range(0, 1)", "interval"),
    ("[[1, 2]]", "object (list)"),
    ("[{'a': 1}]", "object (dict)"),
    ("[b'a', 'a']", "object (bytes and other values)"),
    ("pandas.Series([1j], dtype=object)", "object (complex)"),
    ("pandas.arrays.SparseArray([1, 0])", "Sparse"),
    ("pandas.Series([[1]], dtype=pandas.ArrowDtype(__import__('pyarrow').list_("
     "__import__('pyarrow').int64())))", "list"),
]


@pytest.mark.parametrize("values, dtype", UNSUPPORTED)
def test_unsupported_types_are_named_with_a_way_out(values, dtype):
    failed = output(f"DataFrame({{'price': {values}}})").failed
    assert failed["traceback"].startswith(f"Unsupported data type {dtype}")
    assert "in output data for column # " in failed["traceback"]
    assert "Convert column 'price'" in failed["traceback"]


@pytest.mark.parametrize(
    "expression, kind",
    [("pandas.Series([1])", "Series"), ("[1]", "list"), ("None", "NoneType"), ("7", "int")],
)
def test_only_a_frame_can_be_sent(expression, kind):
    failed = output(expression).failed
    assert f"'OutputDataSet' is of type {kind}" in failed["traceback"]
    assert "pandas.DataFrame(" in failed["traceback"]


@pytest.mark.parametrize("script", ["", "OutputDataSet = DataFrame()", "del OutputDataSet"])
def test_nothing_is_sent_without_columns(script):
    result = run(script)
    assert result.done and result.schema is None


def test_labels_may_be_anything_and_the_index_is_not_sent():
    result = output("DataFrame([[1, 2, 3]], columns=['x', 'x', 7], index=['row'])")
    assert [result.column(i) for i in range(3)] == [[1], [2], [3]]
    assert result.schema.names == ["x", "x", "7"]
    many = output("DataFrame([[1]], columns=pandas.MultiIndex.from_tuples([('a', 'b')]))")
    assert many.column() == [1]


def lengths(values, **options):
    metadata = output(f"DataFrame({{'c': {values}}})", **options).schema.field(0).metadata
    return metadata and int(metadata[b"launchpod.max_length"])


@pytest.mark.parametrize("dtype", ["object", "str", "string[python]"])
def test_the_longest_text_is_measured_in_utf16(dtype):
    assert lengths(f"pandas.Series(['a', 'äπ', None], dtype='{dtype}')") == 2
    assert lengths(f"pandas.Series(['abc', '\\U0001d11e\\U0001d11e'], dtype='{dtype}')") == 4
    assert lengths(f"pandas.Series(['', None], dtype='{dtype}')") == 0


def test_the_longest_text_of_many_batches():
    assert lengths("['a'] * 100_000 + ['\U0001d11e' * 3] + ['b' * 5] * 100_000") == 6
    assert lengths("['a'] * 100_000 + ['\u03c0' * 7]") == 7
    assert lengths("pandas.Series(['a', None] * 50_000 + ['bc'], dtype='str').iloc[1:]") == 2


def test_lengths_are_not_measured_when_types_are_declared():
    assert lengths("['a']", result_types=["nvarchar(5)"]) is None


def test_a_lone_surrogate_is_named():
    failed = output("DataFrame({'c': ['\\udc80']}, dtype=object)", result_types=["nvarchar(5)"]).failed
    assert "output column # 0 ('c')" in failed["traceback"]


@pytest.mark.parametrize(
    "values",
    ["np.array([2**60], 'datetime64[s]')",
     "pandas.Series(np.array([2**40], 'datetime64[s]')).dt.tz_localize('UTC')",
     "pandas.Series([2**60], dtype='timestamp[s][pyarrow]')"],
)
def test_years_beyond_microseconds_are_refused_and_do_not_wrap(values):
    result = output(f"DataFrame({{'c': {values}}})")
    assert "A value of output column # 0 ('c') can't be sent" in result.failed["traceback"]


def test_too_many_digits_are_refused():
    failed = output("DataFrame({'c': [decimal.Decimal('1e30'), decimal.Decimal('1e-30')]})").failed
    assert "more than 38 digits" in failed["traceback"]


def test_a_lone_surrogate_is_refused():
    # pandas' own text type has none either.
    result = output("DataFrame({'c': pandas.Series(['\\ud800'], dtype=object)})")
    assert "A value of output column # 0 ('c') can't be sent" in result.failed["traceback"]


def test_many_rows_come_in_batches():
    result = output("DataFrame({'a': np.arange(200_000), 'b': 'x'})")
    assert len(result.batches) >= 4
    assert max(batch.num_rows for batch in result.batches) <= 1 << 16
    assert result.table.column(0).to_numpy().tolist() == list(range(200_000))


def test_large_values_come_in_small_batches():
    result = output("DataFrame({'a': [b'x' * (3 << 20)] * 8})")
    assert len(result.batches) >= 4
    assert sum(batch.num_rows for batch in result.batches) == 8
    assert max(batch.nbytes for batch in result.batches) <= 9 << 20


def test_text_beyond_ascii_comes_in_small_batches():
    result = output("DataFrame({'a': ['\u8a9e' * 1000] * 6_000})", result_types=["nvarchar(max)"])
    assert max(batch.nbytes for batch in result.batches) <= 9 << 20
    assert sum(batch.num_rows for batch in result.batches) == 6_000


@pytest.mark.parametrize("missing", ["None", "float('nan')", "pandas.NA", "0.5"])
def test_texts_with_other_values_come_in_small_batches(missing):
    """A few values that aren't text don't hide how long the others are."""
    values = f"pandas.Series([{missing}] + ['x' * (1 << 20)] * 12, dtype=object)"
    result = output(f"DataFrame({{'a': {values}}})", result_types=["nvarchar(max)"])
    assert max(batch.nbytes for batch in result.batches) <= 9 << 20
    assert sum(batch.num_rows for batch in result.batches) == 13


def test_sizes_that_change_from_row_to_row():
    values = "['x'] * 70_000 + ['y' * (9 << 20)] + ['z'] * 70_000 + ['w' * (5 << 20)] * 3"
    result = output(f"DataFrame({{'a': {values}}})", result_types=["nvarchar(max)"])
    found = [(len(value), value[0]) for value in result.column()]
    assert found == [(1, "x")] * 70_000 + [(9 << 20, "y")] + [(1, "z")] * 70_000 + [(5 << 20, "w")] * 3
    assert max(batch.nbytes for batch in result.batches) <= 10 << 20


def test_a_value_that_is_larger_than_the_controller_takes_is_named():
    script = "OutputDataSet = DataFrame({'n': [1, 2], 'b': [b'x', bytes(256 << 20)]})"
    failed = run(script, result_types=["int", "varbinary(max)"]).failed
    assert "A row of 26843" in failed["traceback"]
    assert "its value of output column # 1 ('b') has 26843" in failed["traceback"]


def test_wide_frames_come_in_short_batches():
    result = output("DataFrame(np.zeros((2000, 1000)))")
    assert max(batch.nbytes for batch in result.batches) <= 9 << 20
    assert result.table.shape == (2000, 1000)


def test_a_single_large_value():
    result = output("DataFrame({'a': ['x' * (64 << 20)]})", result_types=["nvarchar(max)"])
    assert len(result.column()[0]) == 64 << 20


@pytest.mark.parametrize("values", ["[]", "np.array([], 'float64')", "pandas.Series([], dtype=object)"])
def test_a_column_without_rows_has_the_declared_type(values):
    assert column(values, result_types=["varbinary(max)"])[0] == pa.null()
