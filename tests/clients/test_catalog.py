"""SQLAlchemy's inspector and pandas read the catalog."""

import pandas
import pytest
import sqlalchemy
from sqlalchemy import inspect

TABLES = """
CREATE TABLE catalog_parent (id int IDENTITY(5, 2) CONSTRAINT pk_parent PRIMARY KEY,
    name nvarchar(20) NOT NULL CONSTRAINT uq_parent UNIQUE, amount decimal(9, 2) DEFAULT 3,
    CONSTRAINT ck_parent CHECK (amount > 0))
CREATE TABLE catalog_child (a int, b varchar(max), parent int NOT NULL,
    CONSTRAINT pk_child PRIMARY KEY (parent, a),
    CONSTRAINT fk_child FOREIGN KEY (parent) REFERENCES catalog_parent (id) ON DELETE CASCADE)
CREATE INDEX ix_child ON catalog_child (a, parent)
"""


@pytest.fixture
def tables(engine):
    with engine.begin() as connection:
        connection.exec_driver_sql(TABLES)
        connection.exec_driver_sql("EXEC('CREATE VIEW catalog_view AS SELECT id FROM catalog_parent')")
    yield
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP VIEW catalog_view")
        connection.exec_driver_sql("DROP TABLE catalog_child, catalog_parent")


def test_the_inspector_finds_tables_and_their_columns(engine, tables):
    inspector = inspect(engine)
    assert {"catalog_parent", "catalog_child"} <= set(inspector.get_table_names())
    assert "catalog_view" in inspector.get_view_names()
    assert "SELECT id" in inspector.get_view_definition("catalog_view")
    assert "dbo" in inspector.get_schema_names()
    assert inspector.has_table("catalog_child") and not inspector.has_table("catalog_other")
    id_column, name, amount = inspector.get_columns("catalog_parent")
    assert (id_column["name"], id_column["nullable"]) == ("id", False)
    assert id_column["identity"] == {"start": 5, "increment": 2}
    assert str(name["type"]).startswith("NVARCHAR(20)")
    assert str(amount["type"]) == "DECIMAL(9, 2)" and amount["default"] == "(3)"


def test_the_inspector_finds_keys_and_indexes(engine, tables):
    inspector = inspect(engine)
    assert inspector.get_pk_constraint("catalog_child")["constrained_columns"] == ["parent", "a"]
    [key] = inspector.get_foreign_keys("catalog_child")
    assert (key["name"], key["constrained_columns"]) == ("fk_child", ["parent"])
    assert (key["referred_table"], key["referred_columns"]) == ("catalog_parent", ["id"])
    assert key["options"] == {"ondelete": "CASCADE"}
    [index] = inspector.get_indexes("catalog_child")
    assert (index["name"], index["column_names"]) == ("ix_child", ["a", "parent"])


def test_tables_are_reflected(engine, tables):
    metadata = sqlalchemy.MetaData()
    metadata.reflect(engine, views=True, only=lambda name, _: name.startswith("catalog_"))
    child = metadata.tables["catalog_child"]
    assert [column.name for column in child.primary_key] == ["parent", "a"]
    assert child.c.parent.references(metadata.tables["catalog_parent"].c.id)


def test_pandas_replaces_and_appends(engine):
    frame = pandas.DataFrame({"a": [1, 2], "b": ["x", None], "c": [1.5, 2.5]})
    try:
        for mode in ["replace", "replace", "append"]:
            with engine.begin() as connection:
                frame.to_sql("catalog_frame", connection, if_exists=mode, index=False)
        with engine.connect() as connection:
            back = pandas.read_sql_table("catalog_frame", connection)
        assert back["a"].tolist() == [1, 2, 1, 2] and back["c"].sum() == 8
    finally:
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP TABLE IF EXISTS catalog_frame")
