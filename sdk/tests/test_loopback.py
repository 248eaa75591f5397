"""Where the helpers point to. Connections themselves are tried in real containers."""

import socket

import pytest

import launchpod
from launchpod import loopback


def test_strings_for_drivers():
    assert launchpod.connection_string() == (
        "Driver=FreeTDS;Server=127.0.0.1;Port=1433;UID=launchpod;PWD=;TDS_Version=7.4;Encrypt=no"
    )
    assert launchpod.connection_string("a;b}").endswith("Database={a;b}}}")
    assert launchpod.url() == "mssql+pymssql://launchpod:@127.0.0.1:1433/"
    assert launchpod.url("a/b") == "mssql+pymssql://launchpod:@127.0.0.1:1433/a%2Fb"
    assert launchpod.url("lab", driver="pyodbc").startswith("mssql+pyodbc:///?odbc_connect=Driver%3DFreeTDS")


def test_where_nobody_listens_it_is_said(monkeypatch):
    pytest.importorskip("pymssql")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setattr(loopback, "PORT", free.getsockname()[1])
        with pytest.raises(launchpod.LoopbackError, match="python_loopback"):
            launchpod.connect()
