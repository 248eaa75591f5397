"""The output: a DataFrame, sent as an Arrow stream in batches of bounded size."""

from collections.abc import Iterator

import pandas as pd
import pyarrow as pa

from . import frames, segments
from .batches import MAX_BYTES, MAX_ROW, slices
from .columns import Column, OutputError, plan
from .frames import Connection
from .request import Request

# Arrow's columnar format, "IPC streaming format": continuation marker and length 0.
END_OF_STREAM = b"\xff\xff\xff\xff\0\0\0\0"

MISSING = object()


def send(connection: Connection, frame, asked: Request) -> None:
    """Sends the output variable's value; nothing when it is missing or has no columns."""
    if frame is MISSING:
        return
    if not isinstance(frame, pd.DataFrame):
        kind = type(frame).__name__
        raise OutputError(
            f"The output variable '{asked.output_name}' is of type {kind}, not a pandas "
            f"DataFrame. Assign a DataFrame, for example pandas.DataFrame(...)."
        )
    if len(frame.columns) == 0:
        return
    wants_length = asked.result_types is None
    columns = [plan(frame.iloc[:, i], i, wants_length) for i in range(len(frame.columns))]
    schema = pa.schema([column.field for column in columns])
    stream = Stream(connection, schema, asked.shared_memory)
    for start, stop in slices(columns, len(frame)):
        arrays = [column.arrow(start, stop) for column in columns]
        for batch in _cut(pa.RecordBatch.from_arrays(arrays, schema=schema)):
            _check(batch, columns)
            stream.send(batch)
    stream.finish()
    connection.send(frames.OUTPUT_END)


def _cut(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Cuts a batch that has become larger than was estimated: text has up to four bytes for a
    character."""
    rows = max(1, batch.num_rows * MAX_BYTES // max(batch.nbytes, MAX_BYTES))
    for start in range(0, batch.num_rows, rows):
        yield batch.slice(start, rows)


def _check(batch: pa.RecordBatch, columns: list[Column]) -> None:
    """Raises OutputError for a row that is larger than the controller takes, naming its largest
    value."""
    if batch.nbytes <= MAX_ROW:
        return
    size, largest = max((array.nbytes, i) for i, array in enumerate(batch.columns))
    raise OutputError(
        f"A row of {batch.nbytes} bytes can't be sent, the most are {MAX_ROW}; its value of "
        f"{columns[largest].place} has {size}. Return it in several rows."
    )


class Stream:
    """An Arrow stream that goes out batch by batch, without a copy of it in between."""

    def __init__(self, connection: Connection, schema: pa.Schema, shares_memory: bool):
        self._connection = connection
        self._shares_memory = shares_memory
        self._sink = Sink()
        self._writer = pa.ipc.new_stream(pa.PythonFile(self._sink, mode="w"), schema)

    def send(self, batch: pa.RecordBatch) -> None:
        """Sends a batch, after the schema if it is the first."""
        self._writer.write_batch(batch)
        self._send_pieces()

    def finish(self) -> None:
        """Sends the stream's end, after the schema if there was no batch."""
        self._writer.close()
        self._send_pieces()

    def _send_pieces(self) -> None:
        pieces = self._sink.take()
        size = sum(map(len, pieces))
        if self._shares_memory and segments.MIN_SIZE <= size <= segments.MAX_SIZE:
            segments.send(self._connection, pieces)
        else:
            self._connection.send_pieces(frames.OUTPUT, pieces)


class Sink:
    """A file for pyarrow's writer, which keeps views of what is written."""

    closed = False

    def __init__(self):
        self._pieces = []

    def write(self, data) -> int:
        """Keeps a piece."""
        self._pieces.append(memoryview(data).cast("B"))
        return len(data)

    def flush(self) -> None:
        """Does nothing: who writes takes the pieces."""

    def take(self) -> list[memoryview]:
        """The pieces since the last call."""
        pieces, self._pieces = self._pieces, []
        return pieces


def describe(error: BaseException) -> dict | None:
    """The FAILED message for an output that can't be sent; None for other errors."""
    if not isinstance(error, OutputError):
        return None
    return {"traceback": f"{error}\n", "exception": "OutputError", "message": str(error)}
