"""The input: an Arrow stream, pulled batch by batch, made into DataFrames."""

from collections.abc import Iterator
from contextlib import suppress

import pandas as pd
import pyarrow as pa

from . import frames, gather, segments
from .frames import Connection


class Input:
    """The input's stream."""

    def __init__(self, connection: Connection, mapping: str):
        self._connection = connection
        self._mapping = mapping
        self._slots = segments.Slots()
        self._schema = None
        self._ended = False

    def frames(self, in_parts: bool) -> Iterator[pd.DataFrame]:
        """Pulls one part after the other into a DataFrame each; the whole input if it has none.

        There is one at least, which has no rows when the input has none.
        """
        rows, frame = self._pull_part()
        yield frame
        while in_parts and not self._ended:
            # The caller's alone.
            del frame
            rows, frame = self._pull_part()
            # The end comes alone: each part's own end has come before.
            if rows or not self._ended:
                yield frame

    def _pull_part(self) -> tuple[int, pd.DataFrame]:
        """The next part, and how many rows it has."""
        rows = 0
        columns = None
        kind = frames.PULLED
        self._connection.send(frames.PULL)
        while kind == frames.PULLED:
            data, kind = self._answer()
            if kind == frames.PULLED:
                # The controller makes the next batch meanwhile.
                self._connection.send(frames.PULL)
            for batch in self._batches(data):
                columns = columns or self._columns()
                rows += batch.num_rows
                for column, array in zip(columns, batch.columns):
                    column.add(array)
        self._ended = kind == frames.INPUT_END
        return rows, self._to_frame(columns or self._columns())

    def _answer(self) -> tuple[memoryview | bytes, int]:
        """The bytes that answer a PULL, and the kind of the frame that ends them."""
        pieces = []
        while True:
            kind, payload = self._connection.receive(
                frames.INPUT,
                frames.INPUT_SEGMENT,
                frames.PULLED,
                frames.PART_END,
                frames.INPUT_END,
            )
            if kind == frames.INPUT_SEGMENT:
                pieces.append(self._slots.read(payload, self._connection.take_memory()))
            elif kind == frames.INPUT:
                pieces.append(payload)
            else:
                return pieces[0] if len(pieces) == 1 else b"".join(pieces), kind

    def _batches(self, data) -> Iterator[pa.RecordBatch]:
        """The batches in an answer: views of its bytes."""
        if not data:
            return
        reader = pa.ipc.MessageReader.open_stream(pa.py_buffer(data))
        with suppress(StopIteration):
            while True:
                message = reader.read_next_message()
                if self._schema is None:
                    self._schema = pa.ipc.read_schema(message)
                else:
                    yield pa.ipc.read_record_batch(message, self._schema)

    def _columns(self) -> list:
        return [gather.column(field, self._mapping) for field in self._schema]

    def _to_frame(self, columns: list) -> pd.DataFrame:
        frame = pd.DataFrame(
            {index: column.series() for index, column in enumerate(columns)}, copy=False
        )
        # Afterwards, because names may be missing or occur twice.
        frame.columns = self._schema.names
        return frame
