"""The input: an Arrow stream, pulled batch by batch, made into DataFrames."""

from collections.abc import Iterator

import pandas as pd
import pyarrow as pa

from . import frames, moments
from .frames import Connection
from .request import SQL_SERVER

# float64 holds every decimal of so many digits, and gives it back when rounded to its scale.
EXACT_IN_FLOAT = 15

NULLABLE = {
    pa.bool_(): pd.BooleanDtype(),
    pa.uint8(): pd.UInt8Dtype(),
    pa.int16(): pd.Int16Dtype(),
    pa.int32(): pd.Int32Dtype(),
    pa.int64(): pd.Int64Dtype(),
}


class Input:
    """The input's stream."""

    def __init__(self, connection: Connection, mapping: str):
        self._connection = connection
        self._mapping = mapping
        self._schema = None
        self._ended = False

    def frames(self, in_parts: bool) -> Iterator[pd.DataFrame]:
        """Pulls one part after the other into a DataFrame each; the whole input if it has none.

        There is one at least, which has no rows when the input has none.
        """
        batches = self._pull_part()
        yield self._to_frame(batches)
        while in_parts and not self._ended:
            batches = self._pull_part()
            # The end comes alone: each part's own end has come before.
            if batches or not self._ended:
                yield self._to_frame(batches)

    def _pull_part(self) -> list[pa.RecordBatch]:
        batches = []
        kind = frames.PULLED
        while kind == frames.PULLED:
            data, kind = _pull(self._connection)
            for message in _messages(data):
                if self._schema is None:
                    self._schema = pa.ipc.read_schema(message)
                else:
                    batches.append(pa.ipc.read_record_batch(message, self._schema))
        self._ended = kind == frames.INPUT_END
        return batches

    def _to_frame(self, batches: list[pa.RecordBatch]) -> pd.DataFrame:
        table = pa.Table.from_batches(batches, self._schema)
        # The DataFrame's own copies are all that shall stay.
        batches.clear()
        columns = {}
        for index, field in enumerate(self._schema):
            columns[index] = to_series(table.column(0), field, self._mapping)
            table = table.remove_column(0)
        frame = pd.DataFrame(columns, copy=False)
        # Afterwards, because names may be missing or occur twice.
        frame.columns = self._schema.names
        return frame


def is_exact_in_float(field: pa.Field) -> bool:
    """Whether a decimal column is handed over as float64: precision up to 15, and not money."""
    sql_type = (field.metadata or {}).get(b"launchpod.type", b"")
    return field.type.precision <= EXACT_IN_FLOAT and b"money" not in sql_type


def to_series(column: pa.ChunkedArray, field: pa.Field, mapping: str) -> pd.Series:
    """A column as scripts see it; TYPES.md has the table."""
    arrow_type = field.type
    if column.null_count and arrow_type in NULLABLE and mapping != SQL_SERVER:
        return pd.Series(NULLABLE[arrow_type].__from_arrow__(column), copy=False)
    if pa.types.is_date(arrow_type) or pa.types.is_time(arrow_type):
        return pd.Series(column.to_pandas(date_as_object=True), dtype=object)
    if arrow_type == moments.ARROW_TYPE:
        return pd.Series(moments.to_datetimes(column), dtype=object, copy=False)
    if pa.types.is_decimal(arrow_type) and is_exact_in_float(field):
        column = column.cast(pa.float64())
    values = column.to_numpy()
    if not values.flags.writeable:
        # A view of the received bytes: scripts may assign to their input.
        values = values.copy()
    # The dtype is said, or pandas would make its own string type (NaN for None) of text.
    return pd.Series(values, dtype=values.dtype, copy=False)


def _messages(data: bytes) -> Iterator[pa.Message]:
    if not data:
        return
    reader = pa.ipc.MessageReader.open_stream(data)
    try:
        while True:
            yield reader.read_next_message()
    except StopIteration:
        return


def _pull(connection: Connection) -> tuple[bytes, int]:
    """Sends one PULL; the bytes of its answer, and the kind of the frame that ends it."""
    connection.send(frames.PULL)
    pieces = []
    while True:
        kind, payload = connection.receive(
            frames.INPUT, frames.PULLED, frames.PART_END, frames.INPUT_END
        )
        if kind != frames.INPUT:
            return b"".join(pieces), kind
        pieces.append(payload)
