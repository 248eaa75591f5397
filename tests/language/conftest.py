import pytest


@pytest.fixture
def behind(front):
    """A session on a server with a SQL Server behind it."""
    with front.connect() as session:
        yield session


@pytest.fixture
def table_behind(behind):
    """The same, with a table there."""
    behind.run("CREATE TABLE kept (id int IDENTITY(7, 1), n int NOT NULL CHECK (n < 100), t nvarchar(20))").check()
    yield behind
    behind.run("IF @@TRANCOUNT > 0 ROLLBACK; DROP TABLE kept").check()
