"""The clients under test behind one small interface: run a batch, cancel a batch."""

import os
import re
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import mssql_python
import pymssql
import pyodbc

from .tds import SEVERITY_OF_ERRORS

# Where a client has no way to cancel but its own time limit: long enough for a worker to start.
PATIENCE = 8


@dataclass
class Result:
    """What a batch gave, every value as text, since `tsql` has no other."""

    sets: list[list[tuple[str, ...]]] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    error: str = ""


class Tsql:
    """FreeTDS' command line. Each batch is a process, hence a session, of its own."""

    tells_every_error = True

    def __init__(self, server):
        self.command = [
            "tsql", "-H", server.host, "-p", str(server.port), "-U", server.user, "-P", server.password,
            "-o", "fhq",
        ]  # fmt: skip

    def run(self, batch: str) -> Result:
        done = subprocess.run(
            self.command, input=f"{batch}\nGO\n", capture_output=True, text=True, timeout=240, env=self.environment()
        )
        rows = [tuple(line.split("\t")) for line in done.stdout.splitlines() if line]
        said = re.findall(r"^Msg \d+ \(severity (\d+).*?\n(.*?)(?=^Msg |\Z)", done.stderr, re.DOTALL | re.MULTILINE)
        error = "\n".join(text for severity, text in said if int(severity) >= SEVERITY_OF_ERRORS)
        return Result([rows], [text for _, text in said], error)

    def cancel(self, batch: str, wait_for_script):
        process = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            text=True, env=self.environment(),
        )  # fmt: skip
        process.stdin.write(f"{batch}\nGO\n")
        process.stdin.flush()
        wait_for_script()
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)

    def close(self):
        pass

    @staticmethod
    def environment() -> dict:
        return {**os.environ, "TDSVER": "7.4", "LC_ALL": "C.UTF-8"}


class Dbapi:
    """What the Python drivers have in common."""

    def run(self, batch: str) -> Result:
        result = Result()
        cursor = self.connection.cursor()
        try:
            cursor.execute(batch)
            while True:
                self.take_messages(cursor, result)
                if cursor.description is not None:
                    result.sets.append([tuple(map(str, row)) for row in cursor.fetchall()])
                self.take_messages(cursor, result)
                if not cursor.nextset():
                    break
        except (pymssql.Error, pyodbc.Error, mssql_python.Error) as error:
            self.take_messages(cursor, result)
            result.error = self.text_of(error)
        return result

    def take_messages(self, cursor, result: Result):
        for _, text in getattr(cursor, "messages", None) or []:
            if text not in result.messages:
                result.messages.append(text)

    def text_of(self, error: Exception) -> str:
        return str(error)

    def close(self):
        self.connection.close()


class Pymssql(Dbapi):
    """pymssql, on FreeTDS' DB-Library."""

    tells_every_error = True

    def __init__(self, server):
        self.server = server
        self.received: list[str] = []
        self.connection = pymssql.connect(
            server=server.host, port=str(server.port), user=server.user, password=server.password,
            autocommit=True, timeout=PATIENCE * 6, tds_version="7.4",
        )  # fmt: skip
        self.connection._conn.set_msghandler(self.receive)

    def receive(self, state, severity, server, procedure, line, text):
        self.received.append(text.decode() if isinstance(text, bytes) else text)

    def take_messages(self, cursor, result: Result):
        result.messages += self.received
        self.received.clear()

    def text_of(self, error: Exception) -> str:
        text = error.args[-1][-1] if isinstance(error.args[-1], tuple) else error.args[-1]
        return text.decode() if isinstance(text, bytes) else str(text)

    def cancel(self, batch: str, wait_for_script):
        self.connection._conn.query_timeout = PATIENCE
        with ThreadPoolExecutor() as pool:
            running = pool.submit(self.run, batch)
            wait_for_script()
            assert "timed out" in running.result(timeout=120).error
        # DB-Library gives the connection up with the batch.
        self.__init__(self.server)


class Pyodbc(Dbapi):
    """pyodbc over FreeTDS' ODBC driver."""

    # pyodbc reads only the first of the driver's records.
    tells_every_error = False

    def __init__(self, server):
        self.connection = pyodbc.connect(
            f"DRIVER=FreeTDS;SERVER={server.host};PORT={server.port};UID={server.user};PWD={server.password};"
            "TDS_Version=7.4;ClientCharset=UTF-8",
            autocommit=True,
        )

    def cancel(self, batch: str, wait_for_script):
        cursor = self.connection.cursor()
        with ThreadPoolExecutor() as pool:
            running = pool.submit(cursor.execute, batch)
            wait_for_script()
            cursor.cancel()
            assert isinstance(running.exception(timeout=120), pyodbc.Error)


class MssqlPython(Dbapi):
    """Microsoft's mssql-python, whose wheel carries Microsoft's own driver; always encrypted."""

    # As pyodbc.
    tells_every_error = False

    def __init__(self, server):
        self.connection = mssql_python.connect(
            f"SERVER={server.host},{server.port};UID={server.user};PWD={server.password};"
            "Encrypt=yes;TrustServerCertificate=yes",
            autocommit=True,
        )

    def cancel(self, batch: str, wait_for_script):
        self.connection.timeout = PATIENCE
        with ThreadPoolExecutor() as pool:
            running = pool.submit(self.run, batch)
            wait_for_script()
            assert "timeout" in running.result(timeout=120).error.lower()


DRIVERS = {"tsql": Tsql, "pymssql": Pymssql, "pyodbc": Pyodbc, "mssql-python": MssqlPython}
