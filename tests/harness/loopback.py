"""What tests of scripts' connections back to their database share."""

from .scripts import script

SECRET = "It's-1-secret"

# What every script here begins with. `ask` gives a batch's first row, or its error's number.
PRELUDE = """
import launchpod, pymssql
def open_connection(database=None, **options):
    return launchpod.connect(database, autocommit=True, **options)
def ask(batch, connection=None):
    cursor = (connection or open_connection()).cursor()
    try:
        cursor.execute(batch)
        return cursor.fetchone() if cursor.description else None
    except pymssql.Error as error:
        return error.args[0] if isinstance(error.args[0], int) else error.args[0][0]
"""


def answers(session, text: str) -> list[str]:
    """The lines that a script with a way back prints."""
    return session.run(script(PRELUDE + text)).check().printed().splitlines()


def lab(server):
    """A database with a table that mary may read and one that she may not, for a fixture."""
    with server.connect() as sa:
        for batch in (
            "CREATE DATABASE lab", "CREATE DATABASE closed", "USE lab",
            "CREATE TABLE seen (x int); INSERT seen VALUES (1); CREATE TABLE secret (x int); INSERT secret VALUES (42)",
            f"CREATE LOGIN mary_lab WITH PASSWORD = '{SECRET.replace(chr(39), chr(39) * 2)}', DEFAULT_DATABASE = lab",
            "CREATE USER mary FOR LOGIN mary_lab; GRANT SELECT, INSERT ON seen TO mary",
            "GRANT EXECUTE ANY EXTERNAL SCRIPT TO mary",
        ):  # fmt: skip
            sa.run(batch).check()
        yield server
        sa.run("USE master").check()
        for batch in ("DROP DATABASE lab", "DROP DATABASE closed", "DROP LOGIN mary_lab"):
            sa.run(batch).check()
