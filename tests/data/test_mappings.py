"""What a script sees of each type, with NULL and without, under each type mapping: the cells of the
tables in runtime/exchange/TYPES.md, "Into a script"."""

import ast
from typing import NamedTuple

import pytest

from harness.scripts import ROWS, script
from harness.server import Server

MAPPINGS = ["lossless", "sqlserver", "text"]
REFUSED = None


class Seen(NamedTuple):
    """A column as a script sees it."""

    dtype: str
    # The values' `repr`, which tells 1 from 1.0 and True.
    value: str
    # The same in a column with NULL, where it differs.
    dtype_with_null: str = ""
    value_with_null: str = ""
    null: str = "None"

    def with_null(self) -> tuple[str, str, str]:
        return self.dtype_with_null or self.dtype, self.value_with_null or self.value, self.null


def objects(value: str) -> Seen:
    return Seen("object", value)


def nullable(dtype: str, value: str, dtype_with_null: str) -> Seen:
    return Seen(dtype, value, dtype_with_null, null="<NA>")


def floats(value: str, dtype: str = "float64") -> Seen:
    return Seen(dtype, value, null="nan")


def moments(text: str) -> Seen:
    return Seen("datetime64[us]", f"Timestamp('{text}')", null="NaT")


def int32(value: int) -> Seen:
    return Seen("int32", f"{value}", "float64", f"{float(value)!r}", "nan")


def everywhere(value: str) -> tuple[Seen, Seen, Seen]:
    return objects(value), objects(value), objects(value)


GUID = "6F9619FF-8B86-D011-B42D-00C04FC964FF"

# The type, a value as T-SQL writes it, and what is seen of it under each of `MAPPINGS`.
CASES = [
    ("bit", "1", nullable("bool", "True", "boolean"), Seen("bool", "True", "object"), objects("'1'")),
    ("tinyint", "255", nullable("uint8", "255", "UInt8"), int32(255), objects("'255'")),
    ("smallint", "-32768", nullable("int16", "-32768", "Int16"), int32(-32768), objects("'-32768'")),
    ("int", "-2147483648", nullable("int32", "-2147483648", "Int32"), int32(-2147483648), objects("'-2147483648'")),
    # Beyond 2^53 a float has no odd numbers.
    ("bigint", "9007199254740993", nullable("int64", "9007199254740993", "Int64"), floats("9007199254740992.0"),
     objects("'9007199254740993'")),
    ("real", "0.1", floats("0.10000000149011612", "float32"), floats("0.10000000149011612"), objects("'0.1'")),
    ("float", "-1.7976931348623157e308", floats("-1.7976931348623157e+308"), floats("-1.7976931348623157e+308"),
     objects("'-1.7976931348623157e+308'")),
    ("decimal(15,2)", "-9999999999999.99", floats("-9999999999999.99"), floats("-9999999999999.99"),
     objects("'-9999999999999.99'")),
    ("decimal(16,2)", "99999999999999.99", objects("Decimal('99999999999999.99')"), floats("99999999999999.98"),
     objects("'99999999999999.99'")),
    ("decimal(38,0)", "9" * 38, objects(f"Decimal('{'9' * 38}')"), floats("1e+38"), objects(f"'{'9' * 38}'")),
    ("money", "-922337203685477.5808", objects("Decimal('-922337203685477.5808')"), floats("-922337203685477.6"),
     objects("'-922337203685477.5808'")),
    ("smallmoney", "214748.3647", objects("Decimal('214748.3647')"), floats("214748.3647"), objects("'214748.3647'")),
    ("char(4)", "'ab'", *everywhere("'ab  '")),
    ("varchar(4)", "''", *everywhere("''")),
    ("varchar(max)", "'é€'", *everywhere("'é€'")),
    ("nchar(3)", "N'π'", *everywhere("'π  '")),
    ("nvarchar(4)", "N'日本𝄞'", *everywhere("'日本𝄞'")),
    ("nvarchar(max)", "N'👩‍🚀'", *everywhere("'👩\\u200d🚀'")),
    ("text", "'é'", objects("'é'"), REFUSED, objects("'é'")),
    ("ntext", "N'𝄞'", objects("'𝄞'"), REFUSED, objects("'𝄞'")),
    ("xml", "N'<a>π</a>'", objects("'<a>π</a>'"), REFUSED, objects("'<a>π</a>'")),
    ("json", "N'{\"a\": \"π\"}'", objects("'{\"a\":\"π\"}'"), REFUSED, objects("'{\"a\":\"π\"}'")),
    ("uniqueidentifier", f"'{GUID.lower()}'", *everywhere(f"'{GUID}'")),
    ("binary(3)", "0x01", *everywhere(r"b'\x01\x00\x00'")),
    ("varbinary(3)", "0x", *everywhere("b''")),
    ("varbinary(max)", "0x00FF", *everywhere(r"b'\x00\xff'")),
    ("image", "0xFF", objects(r"b'\xff'"), REFUSED, objects(r"b'\xff'")),
    ("date", "'0001-01-01'", objects("datetime.date(1, 1, 1)"), moments("0001-01-01 00:00:00"), objects("'0001-01-01'")),
    ("date", "'9999-12-31'", objects("datetime.date(9999, 12, 31)"), moments("9999-12-31 00:00:00"),
     objects("'9999-12-31'")),
    ("time(7)", "'23:59:59.1234567'", objects("datetime.time(23, 59, 59, 123456)"), REFUSED,
     objects("'23:59:59.1234567'")),
    ("time(0)", "'00:00:00'", objects("datetime.time(0, 0)"), REFUSED, objects("'00:00:00'")),
    ("smalldatetime", "'2079-06-06T23:59:00'", moments("2079-06-06 23:59:00"), moments("2079-06-06 23:59:00"),
     objects("'2079-06-06 23:59:00'")),
    ("datetime", "'1753-01-01T00:00:00.003'", moments("1753-01-01 00:00:00.003333"),
     moments("1753-01-01 00:00:00.003333"), objects("'1753-01-01 00:00:00.003'")),
    ("datetime2(7)", "'0001-01-01T00:00:00.1234567'", moments("0001-01-01 00:00:00.123456"), REFUSED,
     objects("'0001-01-01 00:00:00.1234567'")),
    ("datetime2(3)", "'9999-12-31T23:59:59.999'", moments("9999-12-31 23:59:59.999000"), REFUSED,
     objects("'9999-12-31 23:59:59.999'")),
    ("datetimeoffset(7)", "'2026-02-28T12:30:15.1234567-05:30'",
     objects("datetime.datetime(2026, 2, 28, 12, 30, 15, 123456, "
             "tzinfo=datetime.timezone(datetime.timedelta(days=-1, seconds=66600)))"),
     REFUSED, objects("'2026-02-28 12:30:15.1234567 -05:30'")),
]  # fmt: skip
IDS = [f"{declared} {literal[:20]}" for declared, literal, *_ in CASES]

# Each column's dtype and values, as text.
LOOK = """
import datetime
print([(str(InputDataSet.dtypes.iloc[n]), *map(repr, InputDataSet.iloc[:, n].tolist())) for n in range(InputDataSet.shape[1])])
"""


def columns(numbers: list[int]) -> str:
    return ", ".join(f"c{n}" for n in numbers)


def declared_columns(numbers: list[int]) -> str:
    return ", ".join(f"c{n} {CASES[n][0]}" for n in numbers)


class Mapped:
    """A server with one of the mappings, and what a script there sees of all that it may."""

    def __init__(self, server: Server, mapping: str):
        self.server = server
        self.at = MAPPINGS.index(mapping)
        self.numbers = [number for number, case in enumerate(CASES) if case[2 + self.at] is not REFUSED]
        table = ", ".join(f"c{n} {declared} NULL" for n, (declared, *_) in enumerate(CASES))
        values = ", ".join(literal for _, literal, *_ in CASES)
        with server.connect() as session:
            session.run(f"CREATE TABLE cells (id int NOT NULL, {table})").check()
            session.run(f"INSERT INTO cells (id) VALUES (2); INSERT INTO cells VALUES (1, {values})").check()
            self.without_null = self._look(session, "WHERE id = 1")
            self.with_null = self._look(session, "ORDER BY id")

    def _look(self, session, which: str) -> dict[int, tuple]:
        query = f"SELECT {columns(self.numbers)} FROM cells {which}"
        printed = session.run(script(LOOK, query=query)).check().texts(39005)
        # A message holds 4,000 characters, and this is one line.
        seen = ast.literal_eval("".join(text.partition("\n")[2] for text in printed))
        return dict(zip(self.numbers, seen, strict=True))


@pytest.fixture(scope="module", params=MAPPINGS)
def mapped(request, tmp_path_factory):
    server = Server(tmp_path_factory.mktemp(request.param), "--type-mapping", request.param)
    try:
        server.start().enable_external_scripts()
        yield Mapped(server, request.param)
    finally:
        server.clean_up()


def with_parameters(numbers: list[int]) -> str:
    """A call with these cases' values as parameters, none of which is NULL in the script."""
    variables = ", ".join(f"@p{n} {CASES[n][0]} = {CASES[n][1]}" for n in numbers)
    declared = ", ".join(f"@p{n} {CASES[n][0]}" for n in numbers)
    names = ", ".join(f"p{n}" for n in numbers)
    values = {f"p{n}": f"@p{n}" for n in numbers}
    call = script(f"assert None not in [{names}]", params=f"N'{declared}'", **values)
    return f"DECLARE {variables}; {call}"


@pytest.mark.parametrize("number", range(len(CASES)), ids=IDS)
def test_a_cell(mapped, number):
    seen = CASES[number][2 + mapped.at]
    if seen is not REFUSED:
        assert mapped.without_null[number] == (seen.dtype, seen.value)
        assert mapped.with_null[number] == seen.with_null()
        return
    with mapped.server.connect() as session:
        (error,) = session.run(script(ROWS, query=f"SELECT 1 AS n, c{number} FROM cells")).errors
    assert error.number == 39017
    # Columns are numbered from 0.
    assert "returns column #1 of type" in error.text


def test_what_a_script_gives_back_is_what_was_there(mapped):
    """The types are declared; what a mapping loses, it loses for good."""
    mapping = MAPPINGS[mapped.at]
    beyond = [n for n in mapped.numbers if CASES[n][0] in BEYOND[mapping]]
    numbers = [n for n in mapped.numbers if n not in beyond]
    texts = ", ".join(f"CONVERT(nvarchar(100), c{n}) AS c{n}" for n in numbers if CASES[n][0].startswith(EXACT))
    with mapped.server.connect() as session:
        session.run(f"CREATE TABLE back ({declared_columns(numbers)})").check()
        session.run(f"INSERT INTO back {given_back(numbers)}").check()
        there, back = (session.run(f"SELECT {texts} FROM {table}").only for table in ("cells", "back"))
        session.run("DROP TABLE back").check()
        for number in beyond:
            assert 8115 in session.run(given_back([number])).numbers, CASES[number][0]
    for name, kept, came in zip(there.names, zip(*there.rows), zip(*back.rows), strict=True):
        declared = CASES[int(name[1:])][0]
        is_same = sorted(kept, key=str) == sorted(came, key=str)
        assert is_same == (declared not in LOSSES[mapping]), declared


def given_back(numbers: list[int]) -> str:
    """A call whose script gives the table's columns back."""
    clause = f"WITH RESULT SETS (({declared_columns(numbers)}))"
    return script(ROWS, query=f"SELECT {columns(numbers)} FROM cells", clause=clause)


# Types that CONVERT writes in full.
EXACT = ("bit", "tinyint", "smallint", "int", "bigint", "decimal", "char", "varchar", "nchar", "nvarchar", "unique", "date", "time")
# Types whose value above isn't the same after it went through a script.
LOSSES = {
    "lossless": {"time(7)", "datetime2(7)", "datetimeoffset(7)"},
    "sqlserver": {"bigint", "decimal(16,2)"},
    "text": set(),
}
# Types whose value above, as a float, is beyond their own range.
BEYOND = {"lossless": set(), "sqlserver": {"decimal(38,0)"}, "text": set()}


def test_parameters(mapped):
    """What is refused as a column, is refused as a parameter, too."""
    # There are no variables of these types.
    numbers = [n for n, case in enumerate(CASES) if case[0] not in ("text", "ntext", "image")]
    taken = [n for n in numbers if n in mapped.numbers]
    with mapped.server.connect() as session:
        session.run(with_parameters(taken)).check()
        for number in set(numbers) - set(taken):
            assert session.run(with_parameters([number])).numbers == [39018], CASES[number][0]
