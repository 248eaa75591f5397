"""Large values, many columns, many rows."""

from harness.scripts import ROWS, script

MEGABYTES = 5 * 1024 * 1024


def test_large_text_and_bytes(sql):
    text = f"""
OutputDataSet = pandas.DataFrame({{
    "t": ["ä" * {MEGABYTES}], "b": [bytes(range(256)) * {MEGABYTES // 256}]
}})
"""
    clause = "WITH RESULT SETS ((t nvarchar(max), b varbinary(max)))"
    ((text, raw),) = sql.run(script(text, clause=clause)).rows
    assert text == "ä" * MEGABYTES
    assert raw == bytes(range(256)) * (MEGABYTES // 256)


def test_large_values_into_the_script(sql):
    batch = f"""
DECLARE @t nvarchar(max) = REPLICATE(CAST(N'ä' AS nvarchar(max)), {MEGABYTES});
EXEC sp_execute_external_script @language = N'Python', @params = N'@t nvarchar(max)', @t = @t,
     @script = N'print(len(t), len(InputDataSet["t"][0]), set(t) | set(InputDataSet["t"][0]))',
     @input_data_1 = N'SELECT @t AS t';
"""
    assert sql.run(batch).check().printed().strip() == f"{MEGABYTES} {MEGABYTES} {{'ä'}}"


def test_many_columns(sql):
    columns = ", ".join(f"{n} AS c{n}" for n in range(500))
    only = sql.run(script(ROWS, query=f"SELECT {columns}")).only
    assert only.rows == [tuple(range(500))]


def test_rows_keep_their_order_and_number(sql):
    text = "OutputDataSet = pandas.DataFrame({'n': range(200000), 's': [str(n) for n in range(200000)]})"
    rows = sql.run(script(text, clause="WITH RESULT SETS ((n int, s varchar(10)))")).rows
    assert rows == [(n, str(n)) for n in range(200000)]


def test_an_error_after_many_rows_is_still_an_error(sql):
    text = "OutputDataSet = pandas.DataFrame({'n': list(range(100000)) + [None]})"
    outcome = sql.run(script(text, clause="WITH RESULT SETS ((n int NOT NULL))"))
    assert outcome.numbers == [11553]
    assert sql.run("SELECT 1 AS alive").value == 1


def test_a_value_that_is_too_large_to_be_sent_is_named(sql):
    text = "OutputDataSet = pandas.DataFrame({'n': [1], 'b': [bytes(256 << 20)]})"
    outcome = sql.run(script(text, clause="WITH RESULT SETS ((n int, b varbinary(max)))"))
    assert outcome.numbers == [39004, 39019, 11536]
    assert "its value of output column # 1 ('b') has 26843" in outcome.errors[1].text
    assert sql.run("SELECT 1 AS alive").value == 1


def test_a_value_that_is_too_large_for_the_database(sql):
    query = "SELECT REPLICATE(CAST(N'x' AS nvarchar(max)), 2147483647) AS t"
    assert sql.run(script(ROWS, query=query)).numbers == [7119]
    assert sql.run(script(ROWS, query="SELECT REPLICATE(N'x', 0) AS t, 0x AS b")).rows == [("", b"")]
