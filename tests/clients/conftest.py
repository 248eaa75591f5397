"""What several clients' tests share."""

import pytest
import sqlalchemy

# SQLAlchemy's drivers for SQL Server, and what each is told.
QUERIES = {
    "pymssql": {"tds_version": "7.4"},
    "pyodbc": {"driver": "FreeTDS", "TDS_Version": "7.4"},
    "mssqlpython": {"TrustServerCertificate": "yes"},
}
OPTIONS = {
    # SQLAlchemy says 0 for the size of a long text, which FreeTDS refuses (HY090).
    "pyodbc": {"use_setinputsizes": False},
}


@pytest.fixture(params=QUERIES)
def engine(request, server):
    """SQLAlchemy's engine on each driver of its mssql dialect."""
    address = sqlalchemy.URL.create(
        f"mssql+{request.param}",
        username=server.user,
        password=server.password,
        host=server.host,
        port=server.port,
        database="master",
        query=QUERIES[request.param],
    )
    engine = sqlalchemy.create_engine(address, **OPTIONS.get(request.param, {}))
    yield engine
    engine.dispose()
