"""The way back from an external script to its caller's database.

The supervisor of the worker listens where these point to. Name and password say nothing: whoever
connects is the script's caller.
"""

HOST = "127.0.0.1"
PORT = 1433
# Drivers take an empty user name for a wish to log in by Kerberos.
USER = "launchpod"


class LoopbackError(RuntimeError):
    """There is no way back to the database here."""


def connect(database: str | None = None, **options):
    """A connection of pymssql to the caller's current database, or another that the caller may
    enter. `options` are those of `pymssql.connect`.

    Raises `LoopbackError` when there is no way back: outside of an external script, or where the
    administrator has closed it. All else is raised as pymssql does.
    """
    try:
        import pymssql
    except ImportError as error:
        raise LoopbackError("the image has no pymssql; connect with another driver: launchpod.url()") from error
    if not _is_open():
        raise LoopbackError(
            "no connection to the database: outside of an external script there is none, "
            "and within one the server's setting python_loopback decides"
        )
    return pymssql.connect(
        server=HOST, port=str(PORT), user=USER, password="", database=database or "", **options
    )


def connection_string(database: str | None = None, driver: str = "FreeTDS") -> str:
    """What ODBC needs to connect as `connect` does, e.g. by `pyodbc.connect`."""
    parts = {
        "Driver": driver,
        "Server": HOST,
        "Port": str(PORT),
        "UID": USER,
        "PWD": "",
        "TDS_Version": "7.4",
        "Encrypt": "no",
    }
    if database:
        parts["Database"] = database
    return ";".join(f"{name}={_braced(value)}" for name, value in parts.items())


def url(database: str | None = None, driver: str = "pymssql") -> str:
    """SQLAlchemy's URL for such a connection, by `pymssql` or `pyodbc`."""
    from urllib.parse import quote, quote_plus

    if driver == "pyodbc":
        return f"mssql+pyodbc:///?odbc_connect={quote_plus(connection_string(database))}"
    return f"mssql+{driver}://{USER}:@{HOST}:{PORT}/{quote(database or '', safe='')}"


def _is_open() -> bool:
    """Whether somebody listens. A worker that may not connect has no such sockets (PermissionError)."""
    import socket

    try:
        socket.create_connection((HOST, PORT), timeout=30).close()
    except OSError:
        return False
    return True


def _braced(value: str) -> str:
    """A value as a connection string has it: in braces where it has characters of its syntax."""
    if value and not set(value) & set(";{}=[](),?*!@"):
        return value
    return "{" + value.replace("}", "}}") + "}" if value else ""
