"""A client changes its login's password while it logs in, which a login made with MUST_CHANGE has to."""

import mssql_python
import pyodbc
import pytest

# SQL_COPT_SS_OLDPWD of Microsoft's driver and of FreeTDS': the attribute that has the old password.
OLD_PASSWORD = 1226

FIRST, SECOND = "Yukon-900", "Yukon-901"


def by_pyodbc(server, login: str, password: str, attributes: dict):
    return pyodbc.connect(
        f"DRIVER=FreeTDS;SERVER={server.host};PORT={server.port};UID={login};PWD={password};TDS_Version=7.4",
        attrs_before=attributes,
    )


def by_mssql_python(server, login: str, password: str, attributes: dict):
    return mssql_python.connect(
        f"SERVER={server.host},{server.port};UID={login};PWD={password};TrustServerCertificate=yes",
        attrs_before=attributes,
    )


@pytest.fixture
def ann(server):
    """A login that has to change its password before it can do anything else."""
    with server.connect() as sa:
        sa.run(f"CREATE LOGIN ann WITH PASSWORD = '{FIRST}' MUST_CHANGE, CHECK_EXPIRATION = ON").check()
        yield "ann"
        sa.run("DROP LOGIN ann").check()


@pytest.mark.parametrize("connect", [by_pyodbc, by_mssql_python])
def test_a_password_is_changed_at_login(server, ann, connect):
    errors = (pyodbc.Error, mssql_python.Error)
    with pytest.raises(errors, match="must be changed"):
        connect(server, ann, FIRST, {})
    with pytest.raises(errors, match="not complex enough"):
        connect(server, ann, "alllowercase", {OLD_PASSWORD: FIRST})
    connection = connect(server, ann, SECOND, {OLD_PASSWORD: FIRST})
    assert connection.cursor().execute("SELECT SUSER_SNAME()").fetchone()[0] == ann
    connection.close()
    with pytest.raises(errors, match="Login failed"):
        connect(server, ann, FIRST, {})
    connect(server, ann, SECOND, {}).close()
