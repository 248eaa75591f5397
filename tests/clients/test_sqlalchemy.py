"""SQLAlchemy asks the server about itself when it connects."""

import pandas
import sqlalchemy

from harness.scripts import DOCUMENTED


def test_first_connect_and_documented_script(engine):
    with engine.connect() as connection:
        assert connection.exec_driver_sql(DOCUMENTED).fetchall() == [(1,)]
        assert connection.dialect.server_version_info[0] == 16
        assert connection.dialect.default_schema_name == "dbo"


def test_pandas_reads(engine):
    with engine.connect() as connection:
        frame = pandas.read_sql(sqlalchemy.text("SELECT 1 AS a, N'ü' AS b"), connection)
    assert frame.to_dict("list") == {"a": [1], "b": ["ü"]}


def test_bound_parameters_and_commit(engine):
    table = sqlalchemy.Table(
        "alchemy",
        sqlalchemy.MetaData(),
        sqlalchemy.Column("id", sqlalchemy.Integer, autoincrement=False),
        sqlalchemy.Column("name", sqlalchemy.Unicode(20)),
    )
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE alchemy (id int NOT NULL, name nvarchar(20))")
            connection.execute(table.insert(), [{"id": 1, "name": "ä"}, {"id": 2, "name": None}])
        with engine.connect() as connection:
            chosen = connection.execute(sqlalchemy.select(table.c.name).where(table.c.id == 1))
            assert chosen.scalar() == "ä"
    finally:
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP TABLE alchemy")
