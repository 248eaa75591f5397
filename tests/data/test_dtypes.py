"""What a client gets of each dtype that a script gives back: the cells of the table in
runtime/exchange/TYPES.md, "Out of a script"."""

import datetime
import uuid
from decimal import Decimal

import pytest

from harness.scripts import script

UTC = datetime.timezone.utc
TWO_HOURS = datetime.timezone(datetime.timedelta(hours=2))
HEAD = "import datetime, decimal, uuid\nimport pyarrow as pa\n"
NOON = datetime.datetime(2026, 1, 2, 12, 0, 0, 123456)


def arrow(values: str, arrow_type: str) -> str:
    return f"pandas.Series(pandas.arrays.ArrowExtensionArray(pa.array({values}, {arrow_type})))"


# Two values and NULL, or three values; the type and the values that the client gets.
CASES = [
    ("np.array([True, False, True])", "bit", [True, False, True]),
    ("pandas.array([True, False, None], 'boolean')", "bit", [True, False, None]),
    ("pandas.Series([True, False, None], dtype=object)", "bit", [True, False, None]),
    ("np.array([0, 255, 1], 'uint8')", "tinyint", [0, 255, 1]),
    ("np.array([-128, 127, 0], 'int8')", "smallint", [-128, 127, 0]),
    ("np.array([-32768, 32767, 0], 'int16')", "smallint", [-32768, 32767, 0]),
    ("np.array([0, 65535, 1], 'uint16')", "int", [0, 65535, 1]),
    ("np.array([-2**31, 2**31 - 1, 0], 'int32')", "int", [-(2**31), 2**31 - 1, 0]),
    ("np.array([0, 2**32 - 1, 1], 'uint32')", "bigint", [0, 2**32 - 1, 1]),
    ("np.array([-2**63, 2**63 - 1, 0], 'int64')", "bigint", [-(2**63), 2**63 - 1, 0]),
    ("np.array([0, 2**64 - 1, 1], 'uint64')", "decimal(20,0)", [0, 2**64 - 1, 1]),
    ("pandas.array([1, 2, None], 'Int16')", "smallint", [1, 2, None]),
    ("pandas.array([1, 2, None], 'UInt64')", "decimal(20,0)", [1, 2, None]),
    ("pandas.Series([1, 2**63 - 1, None], dtype=object)", "bigint", [1, 2**63 - 1, None]),
    ("pandas.Series([1, 2**63, None], dtype=object)", "decimal(38,0)", [1, 2**63, None]),
    ("np.array([0.5, -2, np.nan], 'float16')", "real", [0.5, -2.0, None]),
    ("np.array([0.5, np.inf, np.nan], 'float32')", "real", [0.5, None, None]),
    ("[1.7976931348623157e308, float('-inf'), float('nan')]", "float", [1.7976931348623157e308, None, None]),
    ("np.array([0.5, 2, 3], 'longdouble')", "float", [0.5, 2.0, 3.0]),
    ("pandas.array([0.5, 2, None], 'Float32')", "real", [0.5, 2.0, None]),
    ("pandas.Series([0.5, 2, None], dtype=object)", "float", [0.5, 2.0, None]),
    ("pandas.Series(['', 'π𝄞', None], dtype=object)", "nvarchar(3)", ["", "π𝄞", None]),
    ("pandas.Series(['a', 'b', None], dtype='str')", "nvarchar(1)", ["a", "b", None]),
    ("pandas.Series(['a', 'bc', None], dtype='string[python]')", "nvarchar(2)", ["a", "bc", None]),
    ("['x' * 4000, '', None]", "nvarchar(4000)", ["x" * 4000, "", None]),
    ("['x' * 4001, '', None]", "nvarchar(max)", ["x" * 4001, "", None]),
    ("[b'', b'\\x00\\xff', None]", "varbinary(max)", [b"", b"\x00\xff", None]),
    ("[bytearray(b'a'), memoryview(b'b'), None]", "varbinary(max)", [b"a", b"b", None]),
    ("[decimal.Decimal('1.50'), decimal.Decimal('-12'), None]", "decimal(4,2)", [Decimal("1.50"), Decimal(-12), None]),
    ("[decimal.Decimal('9' * 38), decimal.Decimal(1), None]", "decimal(38,0)", [Decimal("9" * 38), Decimal(1), None]),
    ("[decimal.Decimal('NaN'), decimal.Decimal(1), None]", "decimal(1,0)", [None, Decimal(1), None]),
    ("[datetime.date.min, datetime.date.max, None]", "date", [datetime.date.min, datetime.date.max, None]),
    ("[datetime.time.min, datetime.time.max, None]", "time(6)", [datetime.time.min, datetime.time.max, None]),
    ("pandas.to_datetime(['2026-01-02 12:00:00.123456789', None, None])", "datetime2(6)", [NOON, None, None]),
    ("np.array(['0001-01-01', '9999-12-31', 'NaT'], 'datetime64[s]')", "datetime2(6)",
     [datetime.datetime.min, datetime.datetime(9999, 12, 31), None]),
    ("pandas.Series([datetime.datetime.min, datetime.datetime.max, None], dtype=object)", "datetime2(6)",
     [datetime.datetime.min, datetime.datetime.max, None]),
    ("pandas.to_datetime(['2026-01-02 12:00:00.123456', None, None]).tz_localize('Europe/Helsinki')", "datetimeoffset(6)",
     [NOON.replace(tzinfo=TWO_HOURS), None, None]),
    ("pandas.Series([pandas.Timestamp('2026-01-02 12:00:00.123456Z'), None, None], dtype=object)", "datetimeoffset(6)",
     [NOON.replace(tzinfo=UTC), None, None]),
    ("[uuid.UUID(int=1), uuid.UUID(int=2**128 - 1), None]", "uniqueidentifier",
     [uuid.UUID(int=1), uuid.UUID(int=2**128 - 1), None]),
    ("pandas.Categorical(['x', 'yy', None])", "nvarchar(2)", ["x", "yy", None]),
    ("pandas.Categorical([2**40, 1, 1])", "bigint", [2**40, 1, 1]),
    ("pandas.Series(['a', 1, None], dtype=object)", "nvarchar(1)", ["a", "1", None]),
    ("[None, None, None]", "nvarchar(1)", [None, None, None]),
    (arrow("[1, -1, None]", "pa.int8()"), "smallint", [1, -1, None]),
    (arrow("[0.5, None, 1]", "pa.float64()"), "float", [0.5, None, 1.0]),
    (arrow("['a', 'bb', None]", "pa.large_string()"), "nvarchar(2)", ["a", "bb", None]),
    (arrow("[b'a', b'', None]", "pa.binary()"), "varbinary(max)", [b"a", b"", None]),
    (arrow("[b'ab', b'cd', None]", "pa.binary(2)"), "varbinary(max)", [b"ab", b"cd", None]),
    (arrow("[decimal.Decimal('1.5'), None, None]", "pa.decimal128(5, 2)"), "decimal(5,2)", [Decimal("1.5"), None, None]),
    (arrow("[datetime.date.max, None, None]", "pa.date64()"), "date", [datetime.date.max, None, None]),
    (arrow("[datetime.time(1, 2, 3), None, None]", "pa.time32('s')"), "time(6)", [datetime.time(1, 2, 3), None, None]),
    (arrow("[datetime.datetime(2026, 1, 2, 12, 0, 0, 123456), None, None]", "pa.timestamp('us')"), "datetime2(6)",
     [NOON, None, None]),
    (arrow("[datetime.datetime(2026, 1, 2, 12, 0, 0, 123456), None, None]", "pa.timestamp('us', 'UTC')"),
     "datetimeoffset(6)", [NOON.replace(tzinfo=UTC), None, None]),
    (arrow("['x', 'yy', 'x']", "pa.dictionary(pa.int8(), pa.string())"), "nvarchar(2)", ["x", "yy", "x"]),
    (arrow("[uuid.UUID(int=1).bytes, None, None]", "pa.uuid()"), "uniqueidentifier", [uuid.UUID(int=1), None, None]),
    (arrow("[None, None, None]", "pa.null()"), "nvarchar(1)", [None, None, None]),
]  # fmt: skip

# What is refused, and the dtype that the error names.
UNSUPPORTED = [
    ("np.array([1j])", "complex128"),
    ("pandas.Series([1j], dtype=object)", "object (complex)"),
    ("pandas.to_timedelta(['1s'])", "timedelta64"),
    ("pandas.Series([datetime.timedelta(1)], dtype=object)", "object (timedelta)"),
    ("pandas.period_range('2020', periods=1)", "period[D]"),
    ("pandas.interval_range(0, 1)", "interval[int64, right]"),
    ("pandas.arrays.SparseArray([1])", "Sparse[int64, 0]"),
    ("[[1, 2]]", "object (list)"),
    ("[(1, 2)]", "object (tuple)"),
    ("[{'a': 1}]", "object (dict)"),
    ("[np.zeros(2)]", "object (ndarray)"),
    ("[b'a', 'a']", "object (bytes and other values)"),
    (arrow("[[1]]", "pa.list_(pa.int64())"), "list<"),
    (arrow("[{'a': 1}]", "pa.struct([('a', pa.int64())])"), "struct<"),
    (arrow("[1]", "pa.duration('s')"), "duration[s]"),
    ("pandas.Categorical([pandas.Timedelta('1s')])", "timedelta64"),
]


@pytest.fixture(scope="module")
def given(server):
    """What a client gets of a DataFrame with all columns."""
    columns = ", ".join(f"'c{n}': pandas.Series({values})" for n, (values, *_) in enumerate(CASES))
    with server.connect() as session:
        return session.run(script(f"{HEAD}OutputDataSet = pandas.DataFrame({{{columns}}})")).only


@pytest.mark.parametrize("number", range(len(CASES)), ids=[values for values, *_ in CASES])
def test_a_dtype(given, number):
    _, sql_type, values = CASES[number]
    assert given.types[number] == sql_type
    assert [row[number] for row in given.rows] == values


@pytest.mark.parametrize(("values", "dtype"), UNSUPPORTED, ids=[values for values, _ in UNSUPPORTED])
def test_an_unsupported_dtype(sql, values, dtype):
    frame = f"pandas.DataFrame({{'n': 1, 'price': pandas.Series({values})}})"
    outcome = sql.run(script(f"{HEAD}OutputDataSet = {frame}"))
    assert outcome.numbers == [39004, 39019]
    assert f"Unsupported data type {dtype}" in outcome.errors[1].text
    assert "column # 1. Convert column 'price'" in outcome.errors[1].text


def test_what_is_no_number_can_be_an_error(make_server):
    """By default it is NULL, whatever is declared; what is missing but no float still is."""
    refusing = make_server("--refuse-non-finite", "true")
    values = [("float", "nan"), ("float", "inf"), ("real", "-inf"), ("int", "nan"), ("decimal(9,2)", "inf")]
    with refusing.connect() as session:
        for declared, value in [*values, ("nvarchar(9)", "nan")]:
            text = f"OutputDataSet = pandas.DataFrame({{'x': [1.0, float('{value}')]}})"
            assert 9803 in session.run(script(text, clause=f"WITH RESULT SETS ((x {declared}))")).numbers, value
        missing = "OutputDataSet = pandas.DataFrame({'x': pandas.array([1, None], 'Int64'), 'y': ['a', None]})"
        clause = "WITH RESULT SETS ((x int, y nvarchar(9)))"
        assert session.run(script(missing, clause=clause)).rows == [(1, "a"), (None, None)]
