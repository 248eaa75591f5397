"""A column of the input, gathered batch by batch: a batch's own memory is soon another's.

TYPES.md, with the protocol, has the table of what scripts see.
"""

import mmap
from contextlib import suppress

import numpy as np
import pandas as pd
import pyarrow as pa

from . import moments
from .request import SQL_SERVER

# float64 holds every decimal of so many digits, and gives it back when rounded to its scale.
EXACT_IN_FLOAT = 15

# Fixed-width types, and what becomes of them when there are NULLs.
NUMBERS = {
    pa.bool_(): (np.bool_, pd.arrays.BooleanArray),
    pa.uint8(): (np.uint8, pd.arrays.IntegerArray),
    pa.int16(): (np.int16, pd.arrays.IntegerArray),
    pa.int32(): (np.int32, pd.arrays.IntegerArray),
    pa.int64(): (np.int64, pd.arrays.IntegerArray),
    pa.float32(): (np.float32, np.nan),
    pa.float64(): (np.float64, np.nan),
    pa.timestamp("us"): ("M8[us]", np.datetime64("NaT")),
}

# From here on huge pages are worth their waste (bytes).
LARGE = 4 << 20


def column(field: pa.Field, mapping: str) -> "Numbers | Objects":
    """What gathers a column of that type."""
    arrow_type = field.type
    if pa.types.is_decimal(arrow_type) and is_exact_in_float(field):
        arrow_type = pa.float64()
    if arrow_type in NUMBERS:
        return Numbers(arrow_type, mapping)
    return Objects()


def is_exact_in_float(field: pa.Field) -> bool:
    """Whether a decimal column is handed over as float64: precision up to 15, and not money."""
    sql_type = (field.metadata or {}).get(b"launchpod.type", b"")
    return field.type.precision <= EXACT_IN_FLOAT and b"money" not in sql_type


class Numbers:
    """Values of fixed width, each copied once, to where it stays."""

    def __init__(self, arrow_type: pa.DataType, mapping: str):
        self._type = arrow_type
        self._dtype, self._null = NUMBERS[arrow_type]
        self._mapping = mapping
        self._values = Values(self._dtype)
        # Where NULLs are; none before the first.
        self._mask = None

    def add(self, array: pa.Array) -> None:
        """Appends a batch's values."""
        if array.type != self._type:
            array = array.cast(self._type)
        if array.null_count and self._mask is None:
            self._mask = Values(np.bool_)
            self._mask.extend(np.zeros(self._values.count, np.bool_))
        if self._mask is not None:
            self._mask.extend(array.is_null().to_numpy(zero_copy_only=False))
        self._values.extend(self._raw(array))

    def series(self) -> pd.Series:
        """All values, as scripts see them."""
        values = self._values.array()
        if self._mask is None:
            return pd.Series(values, copy=False)
        mask = self._mask.array()
        if isinstance(self._null, type) and self._mapping != SQL_SERVER:
            return pd.Series(self._null(values, mask), copy=False)
        if isinstance(self._null, type):
            # What numpy has for it: floats with NaN, objects with None.
            is_bool = values.dtype == np.bool_
            values = values.astype(object if is_bool else np.float64)
            values[mask] = None if is_bool else np.nan
        else:
            values[mask] = self._null
        return pd.Series(values, dtype=values.dtype, copy=False)

    def _raw(self, array: pa.Array) -> np.ndarray:
        """The values; something or other where NULLs are."""
        if pa.types.is_boolean(self._type):
            return array.fill_null(False).to_numpy(zero_copy_only=False)
        dtype = np.dtype(self._dtype)
        if len(array) == 0:
            return np.empty(0, dtype)
        start = array.offset * dtype.itemsize
        return np.frombuffer(array.buffers()[1], dtype, len(array), start)


class Objects:
    """Values that scripts see as Python's own."""

    def __init__(self):
        self._pieces = []

    def add(self, array: pa.Array) -> None:
        """Appends a batch's values."""
        if len(array):
            self._pieces.append(_to_objects(array))

    def series(self) -> pd.Series:
        """All values, as scripts see them."""
        pieces = self._pieces or [np.empty(0, dtype=object)]
        values = np.concatenate(pieces) if len(pieces) > 1 else pieces[0]
        # The dtype is said, or pandas would make its own string type (NaN for None) of text.
        return pd.Series(values, dtype=object, copy=False)


class Values:
    """An array that grows where it is: the kernel moves its pages, nothing is copied."""

    def __init__(self, dtype):
        self._dtype = np.dtype(dtype)
        self._memory = None
        self.count = 0

    def extend(self, values: np.ndarray) -> None:
        """Appends values."""
        if len(values) == 0:
            return
        start = self.count * self._dtype.itemsize
        self._reserve(start + len(values) * self._dtype.itemsize)
        np.frombuffer(self._memory, self._dtype, len(values), start)[:] = values
        self.count += len(values)

    def array(self) -> np.ndarray:
        """All values; nothing can be appended any more."""
        if self.count == 0:
            return np.empty(0, self._dtype)
        self._memory.resize(_pages(self.count * self._dtype.itemsize))
        return np.frombuffer(self._memory, self._dtype, self.count)

    def _reserve(self, size: int) -> None:
        # What is reserved takes no memory before it is written.
        if self._memory is None:
            flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
            self._memory = mmap.mmap(-1, _pages(size), flags=flags)
        elif size > len(self._memory):
            self._memory.resize(_pages(2 * size))
        else:
            return
        if len(self._memory) >= LARGE:
            # A kernel without huge pages says so.
            with suppress(OSError):
                self._memory.madvise(mmap.MADV_HUGEPAGE)


def _to_objects(array: pa.Array) -> np.ndarray:
    if array.type == moments.ARROW_TYPE:
        return moments.to_datetimes(array)
    if pa.types.is_date(array.type) or pa.types.is_time(array.type):
        return array.to_pandas(date_as_object=True).to_numpy()
    return array.to_numpy(zero_copy_only=False)


def _pages(size: int) -> int:
    return -(-size // mmap.PAGESIZE) * mmap.PAGESIZE
