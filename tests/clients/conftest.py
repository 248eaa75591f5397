"""What several clients' tests share."""

import pytest
import sqlalchemy


@pytest.fixture(params=["pymssql", "pyodbc"])
def engine(request, server):
    """SQLAlchemy's engine on each driver of its mssql dialect."""
    query = {
        "pyodbc": {"driver": "FreeTDS", "TDS_Version": "7.4"},
        "pymssql": {"tds_version": "7.4"},
    }[request.param]
    address = sqlalchemy.URL.create(
        f"mssql+{request.param}",
        username=server.user,
        password=server.password,
        host=server.host,
        port=server.port,
        database="master",
        query=query,
    )
    engine = sqlalchemy.create_engine(address)
    yield engine
    engine.dispose()
