"""Reads a query's rows into Arrow by the package that each line of standard input names, for the example
`read` of `runtime/sqlserver`: prints "ready", then for each line how many rows there were.

    python readers.py PORT QUERY
"""

import sys

import arrow_odbc
import connectorx

# As many rows at once as our own reader makes of the measured columns.
BATCH = 1 << 16


def by_arrow_odbc(port: str, query: str) -> int:
    """FreeTDS' driver fills buffers of a whole batch, which become Arrow's."""
    connection = f"DRIVER=FreeTDS;SERVER=127.0.0.1;PORT={port};UID=sa;PWD=bench;TDS_Version=7.4;Encryption=off"
    batches = arrow_odbc.read_arrow_batches_from_odbc(query, connection, batch_size=BATCH)
    return sum(batch.num_rows for batch in batches)


def by_connectorx(port: str, query: str) -> int:
    url = f"mssql://sa:bench@127.0.0.1:{port}/master"
    batches = connectorx.read_sql(url, query, return_type="arrow_stream", batch_size=BATCH)
    return sum(batch.num_rows for batch in batches)


READERS = {"arrow-odbc": by_arrow_odbc, "connectorx": by_connectorx}


def main(port: str, query: str):
    print("ready", flush=True)
    for line in sys.stdin:
        print(READERS[line.strip()](port, query), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
