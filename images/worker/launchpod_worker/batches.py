"""Cutting an output into batches, so that neither side holds more than a few of them."""

from collections.abc import Iterator, Sequence
from typing import Protocol

# A batch ends at whichever comes first; a single row may be larger.
MAX_ROWS = 1 << 16
MAX_BYTES = 4 << 20
# What the controller takes of one row, less room for the padding of its columns.
MAX_ROW = (256 << 20) - (1 << 20)
# What a value takes that has no size of its own, at most.
CELL = 16
# So many rows are measured at once: those that exceed a batch are measured again for the next one.
STEP = 1 << 11


class Sized(Protocol):
    """A column whose values may differ in size."""

    def size(self, start: int, stop: int) -> int:
        """About how many bytes the values of rows start to stop take beyond `CELL` each."""


def slices(columns: Sequence[Sized], count: int) -> Iterator[tuple[int, int]]:
    """The batches of `count` rows: where each starts and stops."""
    most = min(MAX_ROWS, max(1, MAX_BYTES // (CELL * len(columns))))
    start = 0
    # At first nearly as many rows as the batch before had, then a few more.
    guess = STEP
    while start < count:
        limit = min(start + most, count)
        stop, size = start, 0
        step = min(start + guess, limit)
        while stop < limit:
            size += _size(columns, stop, step)
            if size > MAX_BYTES:
                break
            stop, step = step, min(step + STEP, limit)
        if stop == start:
            stop = _fitting(columns, start, step)
        yield start, stop
        guess = max(STEP, stop - start - STEP)
        start = stop


def _fitting(columns: Sequence[Sized], start: int, stop: int) -> int:
    """Where a batch of large values stops: one at least."""
    while stop - start > 1 and _size(columns, start, stop) > MAX_BYTES:
        stop = start + (stop - start) // 2
    return stop


def _size(columns: Sequence[Sized], start: int, stop: int) -> int:
    return sum(column.size(start, stop) for column in columns)
