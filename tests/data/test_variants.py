"""sql_variant on the wire, and where scripts meet it."""

import datetime
import uuid
from decimal import Decimal

import pytest

from harness.scripts import ROWS, script

GUID = uuid.UUID("6f9619ff-8b86-d011-b42d-00c04fc964ff")

# A value as T-SQL writes it and as a client has it.
VALUES = [
    ("CAST(7 AS tinyint)", 7),
    ("CAST(-9223372036854775808 AS bigint)", -9223372036854775808),
    ("CAST(0.1 AS float)", 0.1),
    ("CAST('1.50' AS decimal(9,2))", Decimal("1.50")),
    ("CAST('1.5' AS money)", Decimal("1.5000")),
    ("'é'", "é"),
    ("N'日本𝄞'", "日本𝄞"),
    ("0x00FF", b"\x00\xff"),
    ("CAST('9999-12-31' AS date)", datetime.date(9999, 12, 31)),
    ("CAST('2026-02-28T12:30:15.123' AS datetime)", datetime.datetime(2026, 2, 28, 12, 30, 15, 123000)),
    (f"CAST('{GUID}' AS uniqueidentifier)", GUID),
    ("NULL", None),
]


@pytest.mark.parametrize(("literal", "value"), VALUES, ids=[literal for literal, _ in VALUES])
def test_clients_read_them(sql, literal, value):
    assert sql.run(f"SELECT CAST({literal} AS sql_variant) AS v").rows == [(value,)]


def test_no_script_takes_them(sql):
    (error,) = sql.run(script(ROWS, query="SELECT 1 AS n, CAST(1 AS sql_variant) AS v")).errors
    assert (error.number, "column #1 of type 'sql_variant'" in error.text) == (39017, True)
    variable = script("pass", params="N'@v sql_variant'", v="@x")
    assert sql.run(f"DECLARE @x sql_variant = 1; {variable}").numbers == [39018]


def test_a_script_gives_them_where_they_are_declared(sql):
    clause = "WITH RESULT SETS ((a sql_variant, b sql_variant))"
    answer = sql.run(script('OutputDataSet = pandas.DataFrame({"a": [1, 2], "b": ["x", None]})', clause=clause))
    assert answer.rows == [(1, "x"), (2, None)]
