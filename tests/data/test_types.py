"""Every type into a script and back, with NULL, extremes and text that isn't ASCII."""

import datetime
import uuid
from decimal import Decimal

import pytest

from harness.scripts import ROWS, script

GUID = uuid.UUID("6f9619ff-8b86-d011-b42d-00c04fc964ff")

# The declared type; a value as T-SQL writes it and as Python has it.
VALUES = [
    ("bit", "1", True),
    ("bit", "0", False),
    ("tinyint", "0", 0),
    ("tinyint", "255", 255),
    ("smallint", "-32768", -32768),
    ("smallint", "32767", 32767),
    ("int", "-2147483648", -2147483648),
    ("int", "2147483647", 2147483647),
    ("bigint", "-9223372036854775808", -9223372036854775808),
    ("bigint", "9223372036854775807", 9223372036854775807),
    ("real", "0.25", 0.25),
    ("real", "-3.4e38", pytest.approx(-3.4e38, rel=1e-6)),
    ("float", "1.7976931348623157e308", 1.7976931348623157e308),
    ("float", "0.1", 0.1),
    ("decimal(9,3)", "-123456.789", Decimal("-123456.789")),
    ("decimal(38,0)", "99999999999999999999999999999999999999", Decimal("9" * 38)),
    ("decimal(38,38)", "0." + "9" * 38, Decimal("0." + "9" * 38)),
    ("numeric(5,2)", "1.5", Decimal("1.50")),
    ("money", "922337203685477.5807", Decimal("922337203685477.5807")),
    ("money", "-922337203685477.5808", Decimal("-922337203685477.5808")),
    ("smallmoney", "214748.3647", Decimal("214748.3647")),
    ("char(5)", "'ab'", "ab   "),
    ("varchar(5)", "'ab '", "ab "),
    ("varchar(5)", "''", ""),
    ("varchar(max)", "'ab'", "ab"),
    ("nchar(4)", "N'é'", "é   "),
    ("nvarchar(10)", "N'日本語 ñ'", "日本語 ñ"),
    ("nvarchar(10)", "N'👩‍🚀'", "👩‍🚀"),
    ("nvarchar(max)", "N'Ωmega'", "Ωmega"),
    ("binary(4)", "0x01", b"\x01\x00\x00\x00"),
    ("nvarchar(2)", "N'𝄞'", "𝄞"),
    ("varbinary(4)", "0x00FF", b"\x00\xff"),
    ("varbinary(4)", "0x", b""),
    ("varbinary(max)", "0xDEADBEEF", b"\xde\xad\xbe\xef"),
    ("date", "'0001-01-01'", datetime.date(1, 1, 1)),
    ("date", "'9999-12-31'", datetime.date(9999, 12, 31)),
    ("datetime", "'1753-01-01'", datetime.datetime(1753, 1, 1)),
    ("datetime", "'9999-12-31T23:59:59.997'", datetime.datetime(9999, 12, 31, 23, 59, 59, 997000)),
    ("datetime", "'2026-02-28T12:30:15.123'", datetime.datetime(2026, 2, 28, 12, 30, 15, 123000)),
    ("smalldatetime", "'2026-02-28T12:30:00'", datetime.datetime(2026, 2, 28, 12, 30)),
    ("datetime2(6)", "'0001-01-01'", datetime.datetime(1, 1, 1)),
    ("datetime2(6)", "'9999-12-31T23:59:59.999999'", datetime.datetime(9999, 12, 31, 23, 59, 59, 999999)),
    ("time(6)", "'23:59:59.999999'", datetime.time(23, 59, 59, 999999)),
    ("datetimeoffset(6)", "'2026-02-28T12:30:15.123456-05:30'",
     datetime.datetime(2026, 2, 28, 12, 30, 15, 123456, datetime.timezone(-datetime.timedelta(hours=5, minutes=30)))),
    ("xml", "N'<a>é</a>'", "<a>é</a>"),
    ("json", "N'{\"a\": \"é\"}'", '{"a":"é"}'),
    ("uniqueidentifier", f"'{GUID}'", GUID),
]
TYPES = sorted({declared for declared, _, _ in VALUES})


@pytest.fixture(scope="module")
def everything(server):
    """All values in one table, one column each, with a second row of NULL; both went through one script."""
    columns = ", ".join(f"c{n} {declared} NULL" for n, (declared, _, _) in enumerate(VALUES))
    values = ", ".join(literal for _, literal, _ in VALUES)
    nulls = ", ".join("NULL" for _ in VALUES)
    with server.connect() as session:
        session.run(f"CREATE TABLE everything ({columns})").check()
        session.run(f"INSERT INTO everything VALUES ({values}), ({nulls})").check()
        table = session.run("SELECT * FROM everything").only
        clause = f"WITH RESULT SETS (({columns}))"
        back = session.run(script(ROWS, query="SELECT * FROM everything", clause=clause)).only
        session.run("DROP TABLE everything").check()
    return table, back


@pytest.mark.parametrize("number", range(len(VALUES)), ids=[f"{d} {v[:24]}" for d, v, _ in VALUES])
def test_value_from_a_table(everything, number):
    table, _ = everything
    assert table.rows[0][number] == VALUES[number][2]
    assert table.rows[1][number] is None


@pytest.mark.parametrize("number", range(len(VALUES)), ids=[f"{d} {v[:24]}" for d, v, _ in VALUES])
def test_value_through_a_script(everything, number):
    table, back = everything
    assert back.types[number] == table.types[number]
    assert back.rows[0][number] == VALUES[number][2]
    assert back.rows[1][number] is None


def test_values_as_scalars(sql):
    numbered = [(f"p{n}", *value) for n, value in enumerate(VALUES)]
    declared = ", ".join(f"@{name} {kind} OUTPUT" for name, kind, _, _ in numbered)
    batch = f"""
DECLARE {", ".join(f"@{name} {kind} = {literal}" for name, kind, literal, _ in numbered)};
EXEC sp_execute_external_script @language = N'Python', @script = N'pass', @params = N'{declared}',
     {", ".join(f"@{name} = @{name} OUTPUT" for name, *_ in numbered)};
SELECT {", ".join(f"@{name}" for name, *_ in numbered)};
"""
    assert list(sql.run(batch).rows[0]) == [value for *_, value in VALUES]


def test_nulls_as_scalars(sql):
    declared = ", ".join(f"@p{n} {kind} OUTPUT" for n, kind in enumerate(TYPES))
    batch = f"""
DECLARE {", ".join(f"@p{n} {kind}" for n, kind in enumerate(TYPES))};
EXEC sp_execute_external_script @language = N'Python', @params = N'{declared}', @script = N'
wrong = [name for name in list(globals()) if name.startswith("p") and name[1:].isdigit() and globals()[name] is not None]
assert not wrong, wrong',
     {", ".join(f"@p{n} = @p{n} OUTPUT" for n in range(len(TYPES)))};
SELECT {", ".join(f"@p{n}" for n in range(len(TYPES)))};
"""
    assert sql.run(batch).rows == [(None,) * len(TYPES)]


@pytest.mark.parametrize(
    ("declared", "dtype"),
    [
        ("bit", "bool"),
        ("tinyint", "uint8"),
        ("smallint", "int16"),
        ("int", "int32"),
        ("bigint", "int64"),
        ("real", "float32"),
        ("float", "float64"),
        ("decimal(9,3)", "float64"),
        # More digits than a float holds.
        ("money", "object"),
        ("datetime", "datetime64"),
    ],
)
def test_dtypes_that_the_script_sees(sql, declared, dtype):
    call = script("print(InputDataSet.dtypes['c'])", query=f"SELECT CAST('1' AS {declared}) AS c")
    if declared == "datetime":
        call = call.replace("''1''", "''2026-01-02''")
    assert sql.run(call).check().printed().strip().startswith(dtype)


@pytest.mark.parametrize(
    ("expression", "shown", "value"),
    [
        ("[True]", "bit", True),
        ("np.array([7], dtype='uint8')", "tinyint", 7),
        ("np.array([7], dtype='int16')", "smallint", 7),
        ("np.array([7], dtype='int32')", "int", 7),
        ("np.array([7], dtype='int64')", "bigint", 7),
        ("np.array([0.5], dtype='float32')", "real", 0.5),
        ("[0.5]", "float", 0.5),
        ("[float('inf')]", "float", None),
        ("[float('nan')]", "float", None),
        ("pandas.Series(['a', 'b'], dtype='category')[:1]", None, "a"),
        ("['naïve']", None, "naïve"),
        ("[None]", None, None),
        ("['']", None, ""),
        ("[b'raw']", None, b"raw"),
        ("[pandas.NaT, pandas.Timestamp('2026-01-02')][1:]", None, datetime.datetime(2026, 1, 2)),
    ],
)
def test_types_without_a_clause(sql, expression, shown, value):
    only = sql.run(script(f"OutputDataSet = pandas.DataFrame({{'c': {expression}}})")).only
    assert only.value == value
    assert shown is None or only.types == [shown]


@pytest.mark.parametrize(
    ("declared", "expression", "value"),
    [
        ("int", "[2.0]", 2),
        ("int", "['12']", 12),
        ("decimal(5,1)", "[2.26]", Decimal("2.3")),
        ("varchar(10)", "[12]", "12"),
        ("nvarchar(10)", "[None]", None),
        ("varbinary(max)", "[b'\\x00\\xff']", b"\x00\xff"),
        ("float", "[1]", 1.0),
        ("bit", "[1]", True),
        ("date", "[pandas.Timestamp('2026-01-02 03:04')]", datetime.date(2026, 1, 2)),
        ("uniqueidentifier", f"['{GUID}']", GUID),
    ],
)
def test_conversions_under_a_clause(sql, declared, expression, value):
    text = f"OutputDataSet = pandas.DataFrame({{'c': {expression}}})"
    assert sql.run(script(text, clause=f"WITH RESULT SETS ((c {declared}))")).value == value


def test_a_number_too_large_for_its_column(sql):
    text = "OutputDataSet = pandas.DataFrame({'c': [300]})"
    outcome = sql.run(script(text, clause="WITH RESULT SETS ((c tinyint))"))
    assert outcome.errors
    assert sql.run("SELECT 1 AS alive").value == 1
