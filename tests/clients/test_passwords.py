"""A client changes its login's password while it logs in, which a login made with MUST_CHANGE has to."""

import uuid

import mssql_python
import pyodbc
import pytest

# SQL_COPT_SS_OLDPWD of Microsoft's driver and of FreeTDS': the attribute that has the old password.
OLD_PASSWORD = 1226

FIRST, SECOND = "Yukon-900", "Yukon-901"


def by_pyodbc(server, name: str, password: str, attributes: dict):
    return pyodbc.connect(
        f"DRIVER=FreeTDS;SERVER={server.host};PORT={server.port};UID={name};PWD={password};TDS_Version=7.4",
        attrs_before=attributes,
    )


def by_mssql_python(server, name: str, password: str, attributes: dict):
    return mssql_python.connect(
        f"SERVER={server.host},{server.port};UID={name};PWD={password};TrustServerCertificate=yes",
        attrs_before=attributes,
    )


@pytest.fixture
def login(server):
    """A login that has to change its password before it can do anything else.

    It stays: the drivers' pools keep sessions of it open.
    """
    name = f"forgetful_{uuid.uuid4().hex}"
    with server.connect() as sa:
        sa.run(f"CREATE LOGIN {name} WITH PASSWORD = '{FIRST}' MUST_CHANGE, CHECK_EXPIRATION = ON").check()
    return name


@pytest.mark.parametrize("connect", [by_pyodbc, by_mssql_python])
def test_a_password_is_changed_at_login(server, login, connect):
    errors = (pyodbc.Error, mssql_python.Error)
    with pytest.raises(errors, match="must be changed"):
        connect(server, login, FIRST, {})
    with pytest.raises(errors, match="not complex enough"):
        connect(server, login, "alllowercase", {OLD_PASSWORD: FIRST})
    connection = connect(server, login, SECOND, {OLD_PASSWORD: FIRST})
    assert connection.cursor().execute("SELECT SUSER_SNAME()").fetchone()[0] == login
    connection.close()
    with pytest.raises(errors, match="Login failed"):
        connect(server, login, FIRST, {})
    connect(server, login, SECOND, {}).close()
