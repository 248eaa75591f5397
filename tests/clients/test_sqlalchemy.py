"""SQLAlchemy's mssql dialect on its drivers: what it asks of the server by itself, tables made and
read back, changes, transactions."""

import datetime
import decimal

import pandas
import pytest
import sqlalchemy
from sqlalchemy import Column, ForeignKey, Integer, MetaData, Table, Unicode, func, select
from sqlalchemy.dialects import mssql

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


@pytest.fixture
def tables(engine):
    """Two tables, one of which refers to the other; made by SQLAlchemy, and dropped by it."""
    metadata = MetaData()
    Table(
        "customers",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("name", Unicode(20), nullable=False, index=True),
        Column("since", sqlalchemy.DateTime, server_default=func.current_timestamp()),
    )
    Table(
        "orders",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("customer", ForeignKey("customers.id", name="fk_customer"), nullable=False),
        Column("price", sqlalchemy.Numeric(12, 2)),
        sqlalchemy.UniqueConstraint("customer", "price", name="uq_order"),
        sqlalchemy.CheckConstraint("price >= 0", name="ck_price"),
    )
    metadata.create_all(engine)
    yield metadata.tables
    metadata.drop_all(engine)


def test_tables_are_reflected(engine, tables):
    inspector = sqlalchemy.inspect(engine)
    assert {"customers", "orders"} <= set(inspector.get_table_names())
    assert inspector.has_table("orders") and not inspector.has_table("nothing")
    reflected = MetaData()
    reflected.reflect(engine, only=["orders"])
    assert set(reflected.tables) == {"customers", "orders"}, "what is referred to comes along"
    orders, customers = reflected.tables["orders"], reflected.tables["customers"]
    assert [(column.name, column.nullable, column.primary_key) for column in orders.columns] == [
        ("id", False, True), ("customer", False, False), ("price", True, False),
    ]  # fmt: skip
    assert (orders.c.price.type.precision, orders.c.price.type.scale) == (12, 2)
    assert customers.c.name.type.length == 20
    assert "CURRENT_TIMESTAMP" in str(customers.c.since.server_default.arg).upper()
    assert orders.c.id.identity.start == 1 and orders.c.id.identity.increment == 1
    (key,) = orders.foreign_keys
    assert key.target_fullname == "customers.id" and key.constraint.name == "fk_customer"
    assert [index.name for index in customers.indexes] == ["ix_customers_name"]
    (unique,) = (index for index in orders.indexes if index.name == "uq_order")
    assert unique.unique and [column.name for column in unique.columns] == ["customer", "price"]
    assert inspector.get_pk_constraint("orders")["constrained_columns"] == ["id"]


def test_views_and_schemas_are_reflected(engine, tables):
    inspector = sqlalchemy.inspect(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE SCHEMA sales")
        connection.exec_driver_sql("CREATE VIEW sales.names AS SELECT name FROM dbo.customers")
    try:
        assert "sales" in inspector.get_schema_names()
        assert inspector.get_view_names("sales") == ["names"]
        assert "FROM dbo.customers" in inspector.get_view_definition("names", "sales")
        names = Table("names", MetaData(), schema="sales", autoload_with=engine)
        assert [column.name for column in names.columns] == ["name"]
    finally:
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP VIEW sales.names")
            connection.exec_driver_sql("DROP SCHEMA sales")


def test_rows_are_inserted_selected_updated_and_deleted(engine, tables):
    customers, orders = tables["customers"], tables["orders"]
    with engine.begin() as connection:
        inserted = connection.execute(customers.insert(), {"name": "Zoë"})
        assert inserted.inserted_primary_key == (1,), "by OUTPUT inserted.id"
        many = connection.execute(
            customers.insert().returning(customers.c.id, sort_by_parameter_order=True),
            [{"name": "日本"}, {"name": "none"}],
        )
        assert many.scalars().all() == [2, 3]
        prices = [{"customer": 1, "price": decimal.Decimal("9.99")}, {"customer": 1, "price": None}]
        connection.execute(orders.insert(), prices)
        connection.execute(orders.insert(), {"customer": 2, "price": decimal.Decimal("1.00")})
    total = func.sum(orders.c.price).label("total")
    query = (
        select(customers.c.name, total)
        .outerjoin(orders, orders.c.customer == customers.c.id)
        .group_by(customers.c.name)
        .order_by(total.desc())
    )
    with engine.begin() as connection:
        assert connection.execute(query.limit(2)).all() == [
            ("Zoë", decimal.Decimal("9.99")), ("日本", decimal.Decimal("1.00")),
        ]  # fmt: skip
        assert connection.execute(query.limit(1).offset(1)).one().name == "日本"
        changed = connection.execute(
            orders.update().where(orders.c.price.is_(None)).values(price=orders.c.customer + decimal.Decimal("0.50"))
        )
        assert changed.rowcount == 1
        gone = connection.execute(
            orders.delete().where(orders.c.customer == 1).returning(orders.c.price)
        )
        assert sorted(gone.scalars()) == [decimal.Decimal("1.50"), decimal.Decimal("9.99")]
        assert connection.execute(select(func.count()).select_from(orders)).scalar() == 1


def test_constraints_are_errors_of_integrity(engine, tables):
    customers, orders = tables["customers"], tables["orders"]
    for change in (
        customers.insert().values(name=None),
        orders.insert().values(customer=77),
        orders.insert().values(customer=1, price=-1),
    ):
        with engine.connect() as connection:
            connection.execute(customers.insert(), {"name": "one"})
            with pytest.raises(sqlalchemy.exc.IntegrityError):
                connection.execute(change)


def names(engine, tables):
    with engine.connect() as connection:
        return connection.execute(select(tables["customers"].c.name).order_by("id")).scalars().all()


def test_transactions_are_rolled_back(engine, tables):
    insert = tables["customers"].insert()
    with engine.connect() as connection:
        connection.execute(insert, {"name": "kept"})
        connection.commit()
        connection.execute(insert, {"name": "taken back"})
        connection.rollback()
    assert names(engine, tables) == ["kept"]
    with pytest.raises(KeyError), engine.begin() as connection:
        connection.execute(insert, {"name": "taken back, too"})
        raise KeyError
    assert names(engine, tables) == ["kept"]


def test_savepoints_are_rolled_back_alone(engine, tables):
    insert = tables["customers"].insert()
    with engine.begin() as connection:
        connection.execute(insert, {"name": "before"})
        with pytest.raises(sqlalchemy.exc.IntegrityError), connection.begin_nested():
            connection.execute(insert, {"name": "within"})
            connection.execute(insert, {"name": None})
        savepoint = connection.begin_nested()
        connection.execute(insert, {"name": "within the second"})
        savepoint.rollback()
        with connection.begin_nested():
            connection.execute(insert, {"name": "after"})
    assert names(engine, tables) == ["before", "after"]


def test_two_connections_see_what_is_committed(engine, tables):
    customers = tables["customers"]
    count = select(func.count()).select_from(customers)
    with engine.connect() as writer, engine.connect() as reader:
        writer.execute(customers.insert(), {"name": "new"})
        assert reader.execute(count).scalar() == 0
        writer.commit()
        assert reader.execute(count).scalar() == 1


def test_isolation_levels_can_be_asked_for(engine, tables):
    with engine.connect() as connection:
        assert connection.get_isolation_level() == "READ COMMITTED"
    insert = tables["customers"].insert()
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(insert, {"name": "at once"})
    assert names(engine, tables) == ["at once"]


def test_moments_and_dates_as_parameters(engine):
    moment = datetime.datetime(2026, 1, 2, 3, 4, 5, 670000)
    query = select(
        sqlalchemy.cast(sqlalchemy.bindparam("a", moment), sqlalchemy.DateTime),
        sqlalchemy.cast(sqlalchemy.bindparam("b", moment.date()), sqlalchemy.Date),
    )
    with engine.connect() as connection:
        assert connection.execute(query).one() == (moment, moment.date())


def test_keys_come_from_a_sequence_and_rows_have_versions(engine):
    metadata = MetaData()
    keys = sqlalchemy.Sequence("keys", start=100, increment=10, metadata=metadata)
    table = Table(
        "keyed",
        metadata,
        Column("id", Integer, keys, server_default=keys.next_value(), primary_key=True),
        Column("name", Unicode(9)),
        Column("version", mssql.ROWVERSION),
    )
    metadata.create_all(engine)
    try:
        with engine.begin() as connection:
            assert connection.execute(keys.next_value()).scalar() == 100
            inserted = connection.execute(table.insert(), {"name": "a"})
            assert tuple(inserted.inserted_primary_key) == (110,)
            connection.exec_driver_sql("INSERT keyed (name) VALUES ('b'), ('c')")
            before = dict(connection.execute(select(table.c.name, table.c.version)).fetchall())
            connection.execute(table.update().where(table.c.name == "b").values(name="b"))
            after = dict(connection.execute(select(table.c.name, table.c.version)).fetchall())
            ids = connection.execute(select(table.c.id).order_by(table.c.id)).scalars().all()
        assert ids == [110, 120, 130]
        assert after["b"] > max(before.values()) and after["a"] == before["a"]
        inspector = sqlalchemy.inspect(engine)
        assert inspector.has_sequence("keys") and "keys" in inspector.get_sequence_names()
        assert isinstance(inspector.get_columns("keyed")[2]["type"], mssql.TIMESTAMP)
    finally:
        metadata.drop_all(engine)
    assert not sqlalchemy.inspect(engine).has_sequence("keys")
