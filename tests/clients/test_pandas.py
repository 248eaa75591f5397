"""pandas' `to_sql` and `read_sql` through SQLAlchemy: each type with NULLs and extremes."""

import datetime
import decimal
import uuid

import pandas
import pytest
import sqlalchemy
from sqlalchemy.dialects import mssql

UTC = datetime.timezone.utc
PLUS = datetime.timezone(datetime.timedelta(hours=14))
NAMES = "naïve 日本語 𝄞"

# SQLAlchemy's type, and the values that go into a column of it; NULL goes everywhere.
TYPES = {
    "bit": (mssql.BIT(), [True, False]),
    "tinyint": (mssql.TINYINT(), [0, 255]),
    "smallint": (sqlalchemy.SmallInteger(), [-(2**15), 2**15 - 1]),
    "int": (sqlalchemy.Integer(), [-(2**31), 2**31 - 1]),
    "bigint": (sqlalchemy.BigInteger(), [-(2**63), 2**63 - 1]),
    "decimal": (sqlalchemy.Numeric(38, 10), [decimal.Decimal("9" * 28 + "." + "9" * 10), decimal.Decimal("-0.0000000001")]),
    "decimal without scale": (sqlalchemy.Numeric(38, 0), [decimal.Decimal("-" + "9" * 38), decimal.Decimal(0)]),
    "money": (mssql.MONEY(), [decimal.Decimal("922337203685477.5807"), decimal.Decimal("-922337203685477.5808")]),
    "smallmoney": (mssql.SMALLMONEY(), [decimal.Decimal("214748.3647"), decimal.Decimal("-214748.3648")]),
    "real": (mssql.REAL(), [1.5, -3.4028234663852886e38, 1.401298464324817e-45]),
    "float": (sqlalchemy.Float(53), [0.1, 1.7976931348623157e308, -5e-324, 1 / 3]),
    "date": (sqlalchemy.Date(), [datetime.date(1, 1, 1), datetime.date(9999, 12, 31)]),
    "time": (mssql.TIME(6), [datetime.time.min, datetime.time.max]),
    "datetime": (sqlalchemy.DateTime(), [datetime.datetime(1753, 1, 1), datetime.datetime(9999, 12, 31, 23, 59, 59, 997000)]),
    "smalldatetime": (mssql.SMALLDATETIME(), [datetime.datetime(1900, 1, 1), datetime.datetime(2079, 6, 6, 23, 59)]),
    "datetime2": (mssql.DATETIME2(6), [datetime.datetime.min, datetime.datetime.max]),
    "datetimeoffset": (mssql.DATETIMEOFFSET(6), [datetime.datetime(1, 1, 2, tzinfo=UTC), datetime.datetime(9999, 12, 30, 23, 59, 59, 999999, PLUS)]),
    "char": (sqlalchemy.CHAR(8), ["eightèèè", "        "]),
    "varchar": (sqlalchemy.String(8000), ["", "é" * 8000]),
    "varchar(max)": (sqlalchemy.Text(), ["", "é" * 20_000]),
    "nchar": (sqlalchemy.NCHAR(len(NAMES) + 1), [NAMES]),
    "nvarchar": (sqlalchemy.Unicode(4000), ["", " x ", NAMES, "日" * 4000]),
    "nvarchar(max)": (sqlalchemy.UnicodeText(), ["", NAMES * 2000]),
    "binary": (sqlalchemy.BINARY(4), [b"\x00\xff\x00\xff", b"\x00" * 4]),
    "varbinary": (sqlalchemy.VARBINARY(8000), [b"\x00", b"\x00\xff" * 4000]),
    "varbinary(max)": (sqlalchemy.LargeBinary(), [b"\x00", b"\x00\xff" * 20_000]),
    "uniqueidentifier": (sqlalchemy.Uuid(), [uuid.UUID(int=0), uuid.UUID(int=2**128 - 1)]),
    "xml": (mssql.XML(), ["<a>ü</a>"]),
}  # fmt: skip


@pytest.fixture
def written(engine):
    """Writes a frame into a table of its own, which is dropped at the end."""
    with engine.connect() as connection:

        def write(frame: pandas.DataFrame, **options):
            frame.to_sql("written", connection, index=False, if_exists="append", **options)
            connection.commit()
            return connection

        yield write
        connection.rollback()
        connection.exec_driver_sql("DROP TABLE IF EXISTS written")
        connection.commit()


# Values that a driver can't send: pymssql writes milliseconds; FreeTDS' ODBC driver counts the days
# before 1700 otherwise.
NOT_SENT = {
    ("pymssql", "datetime2"): {datetime.datetime.max: datetime.datetime.max.replace(microsecond=999000)},
    ("pyodbc", "date"): {datetime.date.min: datetime.date(1700, 1, 1)},
    ("pyodbc", "datetime2"): {datetime.datetime.min: datetime.datetime(1700, 1, 1)},
}


@pytest.mark.parametrize("name", TYPES)
def test_values_come_back(engine, written, name):
    kind, values = TYPES[name]
    instead = NOT_SENT.get((engine.driver, name), {})
    values = [None, *(instead.get(value, value) for value in values), None]
    frame = pandas.DataFrame({"n": range(len(values)), "v": pandas.Series(values, dtype=object)})
    connection = written(frame, dtype={"v": kind})
    table = sqlalchemy.Table("written", sqlalchemy.MetaData(), sqlalchemy.Column("n"), sqlalchemy.Column("v", kind))
    query = sqlalchemy.select(table).order_by(table.c.n)
    assert [row.v for row in connection.execute(query)] == values
    # Beside NULL pandas would make floats of integers.
    read = pandas.read_sql(query, connection, coerce_float=False)
    assert read["v"].isna().tolist() == [value is None for value in values]
    read = pandas.read_sql(query.where(table.c.v.is_not(None)), connection, coerce_float=False)
    assert read["v"].tolist() == values[1:-1]


def test_a_frame_with_the_types_that_pandas_chooses(written):
    frame = pandas.DataFrame(
        {
            "whole": pandas.array([1, None, 3], "Int64"),
            "real": [0.5, None, -1e300],
            "flag": pandas.array([True, None, False], "boolean"),
            "text": ["ü", None, ""],
            "moment": pandas.to_datetime(["2026-01-02 03:04:05.670", None, "1999-12-31 00:00:00.000"]),
            "day": [datetime.date(2026, 1, 2), None, datetime.date(1753, 1, 1)],
        }
    )
    connection = written(frame)
    read = pandas.read_sql("SELECT * FROM written", connection, parse_dates=["moment"])
    for column in ("whole", "real", "flag", "text", "moment", "day"):
        got = [None if pandas.isna(value) else value for value in read[column].astype(object)]
        assert got == [None if pandas.isna(value) else value for value in frame[column].astype(object)], column
    parts = pandas.read_sql_table("written", connection, chunksize=2)
    assert [len(part) for part in parts] == [2, 1]


def test_many_rows_in_one_statement(written):
    frame = pandas.DataFrame({"n": range(2000), "t": [f"row {n}" for n in range(2000)]})
    # 2,100 parameters and 1,000 rows are the most that a statement takes.
    connection = written(frame, method="multi", chunksize=1000)
    total = pandas.read_sql("SELECT COUNT(*) AS c, SUM(n) AS s, MAX(t) AS m FROM written", connection)
    assert total.to_dict("records") == [{"c": 2000, "s": 1999000, "m": "row 999"}]
