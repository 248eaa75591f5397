"""How large the values of an output column are, where that differs from value to value."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

TEXT_AND_BYTES = (str, bytes, bytearray, memoryview)

# UTF-8: bytes of ASCII are below the first, only characters that UTF-16 writes as two units have
# bytes from the second on.
BEYOND_ASCII = 0x80
BEYOND_BASIC_PLANE = 0xF0


def of_objects(part: pd.Series) -> int:
    """About how many bytes the texts and bytes in an object column take: a character counts as
    one."""
    values = part.to_numpy()
    try:
        # Of the ways to ask each value, the one without a step of Python's.
        return sum(map(len, filter(None, values)))
    except TypeError:
        # Missing values other than None, or values of several types.
        return sum(len(value) for value in values if isinstance(value, TEXT_AND_BYTES))


def of_arrow(part: pd.Series) -> int:
    """How many bytes a column of pandas' or Arrow's own type takes."""
    return pa.array(part.array).nbytes


def longest(arrays: Iterable[pa.Array]) -> int:
    """The longest text in UTF-16 code units; 0 when there is none."""
    return max(map(_longest, arrays), default=0)


def _longest(array: pa.Array) -> int:
    if len(array) == array.null_count:
        return 0
    offsets = np.frombuffer(array.buffers()[1], np.int32, len(array) + 1, array.offset * 4)
    count = int(offsets[-1] - offsets[0])
    if count == 0:
        return 0
    # The whole column's greatest byte: one look at all bytes instead of one at each value.
    greatest = np.frombuffer(array.buffers()[2], np.uint8, count, offsets[0]).max()
    if greatest < BEYOND_ASCII:
        lengths = pc.binary_length(array)
    else:
        lengths = pc.utf8_length(array)
        if greatest >= BEYOND_BASIC_PLANE:
            pairs = pc.count_substring_regex(array, "[\U00010000-\U0010ffff]")
            lengths = pc.add(lengths, pairs)
    return pc.max(lengths).as_py()
