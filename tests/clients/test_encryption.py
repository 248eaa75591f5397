"""Encryption on, off, for the login only, and insisted upon."""

import stat

import mssql_python
import pyodbc
import pytest
import pytds

from harness.drivers import MssqlPython


def connect(server, encrypt: str, trust: str = "yes"):
    return mssql_python.connect(
        f"SERVER={server.host},{server.port};UID={server.user};PWD={server.password};"
        f"Encrypt={encrypt};TrustServerCertificate={trust}"
    )


def freetds(server, encryption: str):
    return pyodbc.connect(
        f"DRIVER=FreeTDS;SERVER={server.host};PORT={server.port};UID={server.user};PWD={server.password};"
        f"TDS_Version=7.4;Encryption={encryption}"
    )


@pytest.mark.parametrize("encrypt", ["yes", "no"])
def test_microsofts_driver(server, encrypt):
    connection = connect(server, encrypt)
    assert connection.cursor().execute("SELECT 1 AS a").fetchone()[0] == 1
    connection.close()


@pytest.mark.parametrize("encryption", ["off", "request", "require"])
def test_freetds(server, encryption):
    connection = freetds(server, encryption)
    assert connection.cursor().execute("SELECT 1 AS a").fetchone()[0] == 1
    connection.close()


def test_strict(server):
    """TDS 8.0: TLS before anything else, and the certificate is always checked."""
    certificate = server.data / "tls-certificate.pem"
    connection = mssql_python.connect(
        f"SERVER={server.host},{server.port};UID={server.user};PWD={server.password};"
        f"Encrypt=strict;ServerCertificate={certificate}"
    )
    query = "SELECT encrypt_option FROM sys.dm_exec_connections WHERE session_id = @@SPID"
    assert connection.cursor().execute(query).fetchone()[0] == "TRUE"
    connection.close()
    with pytest.raises(mssql_python.Error, match="certificate"):
        connect(server, "strict")


def test_the_certificate_is_checked_unless_the_client_says_otherwise(server):
    with pytest.raises(mssql_python.Error, match="certificate"):
        connect(server, "yes", trust="no")


def test_insisting(make_server):
    # External scripts stay off, since the tests' own client doesn't encrypt.
    server = make_server("--force-encryption", enable=False)
    client = MssqlPython(server)
    assert client.run("SELECT 1 AS a").sets == [[("1",)]]
    client.close()
    freetds(server, "require").close()
    # python-tds without a certificate to check doesn't encrypt.
    with pytest.raises(pytds.Error):
        server.connect()


def test_the_certificate_is_kept_and_its_key_is_the_owners_only(make_server):
    server = make_server()
    before = {path.name: path.read_bytes() for path in server.data.glob("*.pem")}
    assert before
    keys = [path for path in server.data.glob("*.pem") if b"PRIVATE KEY" in path.read_bytes()]
    assert keys and all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in keys)
    assert server.stop() == 0
    server.start()
    assert {path.name: path.read_bytes() for path in server.data.glob("*.pem")} == before
