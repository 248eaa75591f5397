"""What `execute` sends and returns, with a driver that keeps what it gets."""

import datetime
from decimal import Decimal

import pytest

from launchpod import execute
from launchpod.client import statement


class Driver:
    """A connection and its cursor."""

    def __init__(self, names=None, rows=()):
        self.description = names and [(name, None, None, None, None, None, None) for name in names]
        self.rows = rows
        self.sent = []

    def cursor(self):
        return self

    def execute(self, text):
        self.sent.append(text)

    def fetchall(self):
        return list(self.rows)


def test_quotes_are_doubled_everywhere():
    assert statement("print('x')", "SELECT 'y'", {"z": "it's"}) == (
        "EXEC sp_execute_external_script @language = N'Python', @script = N'print(''x'')', "
        "@input_data_1 = N'SELECT ''y''', @params = N'@z nvarchar(max)', @z = N'it''s'"
    )


@pytest.mark.parametrize(
    ("value", "declared", "literal"),
    [
        (True, "bit", "1"),
        (-7, "bigint", "-7"),
        (1.5, "float", "1.5e0"),
        (1e300, "float", "1e+300"),
        (Decimal("1.20"), "decimal(38, 10)", "1.20"),
        (b"\x00\xff", "varbinary(max)", "0x00ff"),
        (datetime.date(2026, 2, 3), "date", "'2026-02-03'"),
        (datetime.datetime(2026, 2, 3, 4, 5), "datetime2", "'2026-02-03T04:05:00.000000'"),
        (None, "nvarchar(max)", "NULL"),
    ],
)
def test_values_have_their_types(value, declared, literal):
    text = statement("", parameters={"p": value})
    assert text.endswith(f"@params = N'@p {declared}', @p = {literal}")


def test_a_name_is_no_way_for_text():
    with pytest.raises(ValueError, match="name"):
        statement("", parameters={"p int = 1; DROP": 1})
    with pytest.raises(TypeError, match="list"):
        statement("", parameters={"p": [1]})


def test_a_function_is_sent_as_source():
    def double(rows, factor):
        return rows * factor

    driver = Driver(["n"], [(4,), (6,)])
    result = execute(driver, double, "SELECT n FROM t", parameters={"factor": 2}, columns="n int")
    assert result["n"].tolist() == [4, 6]
    (sent,) = driver.sent
    assert "N'def double(rows, factor):\n    return rows * factor\n" in sent
    assert "__result = double(InputDataSet, factor=factor)" in sent
    assert sent.endswith("WITH RESULT SETS ((n int))")


def test_what_has_no_source_of_its_own_is_refused():
    with pytest.raises(ValueError, match="def"):
        execute(Driver(), lambda rows: rows)


def test_a_result_without_names_is_numbered_and_none_is_none():
    assert list(execute(Driver(["", ""], [(1, 2)]), "x").columns) == [0, 1]
    assert execute(Driver(), "x") is None
