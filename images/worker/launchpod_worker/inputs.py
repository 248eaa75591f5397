"""The input: an Arrow stream, pulled batch by batch, made into a DataFrame."""

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


def read_frame(connection: Connection, mapping: str) -> pd.DataFrame:
    """Pulls the whole input into a DataFrame."""
    schema, batches = _pull_all(connection)
    table = pa.Table.from_batches(batches, schema)
    # The DataFrame's own copies are all that shall stay.
    del batches
    columns = {}
    for index, field in enumerate(schema):
        columns[index] = to_series(table.column(0), field, mapping)
        table = table.remove_column(0)
    frame = pd.DataFrame(columns, copy=False)
    # Afterwards, because names may be missing or occur twice.
    frame.columns = schema.names
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


def _pull_all(connection: Connection) -> tuple[pa.Schema, list[pa.RecordBatch]]:
    schema = None
    batches = []
    last = False
    while not last:
        data, last = _pull(connection)
        reader = pa.ipc.MessageReader.open_stream(data)
        for message in _messages(reader):
            if schema is None:
                schema = pa.ipc.read_schema(message)
            else:
                batches.append(pa.ipc.read_record_batch(message, schema))
    return schema, batches


def _messages(reader):
    try:
        while True:
            yield reader.read_next_message()
    except StopIteration:
        return


def _pull(connection: Connection) -> tuple[bytes, bool]:
    """Sends one PULL; the bytes of its answer, and whether the input ends with them."""
    connection.send(frames.PULL)
    pieces = []
    while True:
        kind, payload = connection.receive(frames.INPUT, frames.PULLED, frames.INPUT_END)
        if kind != frames.INPUT:
            return b"".join(pieces), kind == frames.INPUT_END
        pieces.append(payload)
