"""Clients within a script: each connects back to the database, as the script's caller."""

import json

import launchpod
import pymssql
import pytest

from harness.scripts import script

ASK = "SELECT SUSER_SNAME() AS who, DB_NAME() AS place"

CLIENTS = {
    "launchpod.connect": """
import launchpod
with launchpod.connect() as connection:
    cursor = connection.cursor()
    cursor.execute("CREATE TABLE {table} (n int, t nvarchar(20))")
    cursor.execute("INSERT {table} VALUES (%s, %s)", (1, "größer"))
    connection.commit()
    cursor.execute("SELECT t FROM {table}; " + ASK)
    answer = [cursor.fetchone()[0]]
    cursor.nextset()
    answer += cursor.fetchone()
""",
    "pyodbc": """
import launchpod, pyodbc
with pyodbc.connect(launchpod.connection_string(), autocommit=False) as connection:
    cursor = connection.cursor()
    cursor.execute("CREATE TABLE {table} (n int, t nvarchar(20))")
    cursor.execute("INSERT {table} VALUES (?, ?)", 1, "größer")
    connection.commit()
    answer = [cursor.execute("SELECT t FROM {table}").fetchval(), *cursor.execute(ASK).fetchone()]
""",
    "sqlalchemy": """
import launchpod, sqlalchemy
engine = sqlalchemy.create_engine(launchpod.url())
pandas.DataFrame({{"n": [1], "t": ["größer"]}}).to_sql("{table}", engine, index=False)
read = pandas.read_sql("SELECT t FROM {table}", engine)
answer = [read["t"][0], *pandas.read_sql(ASK, engine).iloc[0]]
engine.dispose()
""",
    "sqlalchemy over pyodbc": """
import launchpod, sqlalchemy
engine = sqlalchemy.create_engine(launchpod.url(driver="pyodbc"))
pandas.DataFrame({{"n": [1], "t": ["größer"]}}).to_sql("{table}", engine, index=False)
read = pandas.read_sql("SELECT t FROM {table}", engine)
answer = [read["t"][0], *pandas.read_sql(ASK, engine).iloc[0]]
engine.dispose()
""",
    "any name and secret": """
import pymssql
with pymssql.connect("127.0.0.1", "nobody", "no secret", autocommit=True) as connection:
    cursor = connection.cursor()
    cursor.execute("SELECT N'größer', " + ASK.removeprefix("SELECT"))
    answer = cursor.fetchone()
""",
}


@pytest.mark.parametrize("name", CLIENTS)
def test_a_client_writes_and_reads(sql, name):
    table = "back_" + name.replace(".", "_").replace(" ", "_")
    text = f"import json\nASK = {ASK!r}\n" + CLIENTS[name].format(table=table) + "\nprint(json.dumps(answer))"
    try:
        printed = sql.run(script(text)).check().printed()
        assert json.loads(printed) == ["größer", "sa", "master"]
        if "any" not in name:
            assert sql.run(f"SELECT n FROM {table}").value == 1
    finally:
        sql.run(f"DROP TABLE IF EXISTS {table}").check()


def test_a_script_asks_while_its_input_streams(sql):
    """More rows than all the buffers between hold: the database has the input query half done."""
    sql.run("CREATE TABLE factors (n int, factor int); INSERT factors VALUES (0, 2), (1, 3)").check()
    text = """
import launchpod
with launchpod.connect(autocommit=True) as connection:
    cursor = connection.cursor()
    cursor.execute("SELECT factor FROM factors WHERE n = %s", (len(InputDataSet) % 2,))
    factor = cursor.fetchone()[0]
OutputDataSet = pandas.DataFrame({"total": [int(InputDataSet["n"].sum()) * factor]})
"""
    query = "SELECT value AS n, REPLICATE('x', 200) AS filling FROM GENERATE_SERIES(1, 60001)"
    params = {"params": "N'@r_rowsPerRead int'", "r_rowsPerRead": "20000"}
    call = script(text, query=query, clause="WITH RESULT SETS ((total bigint))", **params)
    totals = [row[0] for row in sql.run(call).rows]
    sql.run("DROP TABLE factors").check()
    parts = [range(1, 20001), range(20001, 40001), range(40001, 60001), range(60001, 60002)]
    assert totals == [sum(part) * (3 if len(part) % 2 else 2) for part in parts]


def test_the_package_at_home_runs_a_function_beside_the_data(server):
    def scaled(rows, factor, label):
        rows["n"] = rows["n"] * factor
        rows["label"] = label
        return rows

    with pymssql.connect(server.host, server.user, server.password, port=server.port, autocommit=True) as connection:
        columns = "n int, label nvarchar(20)"
        parameters = {"factor": 3, "label": "it's ü"}
        result = launchpod.execute(
            connection, scaled, "SELECT 14 AS n", parameters=parameters, columns=columns
        )
    assert result.to_dict("list") == {"n": [42], "label": ["it's ü"]}
