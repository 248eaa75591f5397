"""Moments with an offset from UTC: `datetimeoffset` in Arrow, pandas and back.

In Arrow a moment is 10 bytes: a count of 100 ns since 1970 in UTC, and the minutes that its clock
is ahead (PROTOCOL.md).
"""

import datetime
from collections.abc import Iterable

import numpy as np
import pandas as pd
import pyarrow as pa

ARROW_TYPE = pa.binary(10)
RECORD = np.dtype([("ticks", "<i8"), ("minutes", "<i2")])
MICROSECONDS = 60_000_000
MICROSECOND = datetime.timedelta(microseconds=1)
# The years 1 to 9999, in microseconds since 1970.
FIRST = np.datetime64("0001-01-01", "us").astype(np.int64)
LAST = np.datetime64("9999-12-31T23:59:59.999999", "us").astype(np.int64)


def to_datetimes(array: pa.Array) -> np.ndarray:
    """Each moment as a datetime with its offset, and None. The seventh digit is cut."""
    values = np.empty(len(array), dtype=object)
    if len(array) == array.null_count:
        return values
    start = array.offset * RECORD.itemsize
    records = np.frombuffer(array.buffers()[1], RECORD, len(array), start)
    known = array.is_valid().to_numpy(zero_copy_only=False)
    records = records[known]
    minutes = records["minutes"]
    clock = records["ticks"] // 10 + minutes.astype(np.int64) * MICROSECONDS
    zones = {
        offset: datetime.timezone(datetime.timedelta(minutes=offset))
        for offset in np.unique(minutes).tolist()
    }
    naive = clock.view("datetime64[us]").tolist()
    moments = [
        moment.replace(tzinfo=zones[offset]) for moment, offset in zip(naive, minutes.tolist())
    ]
    values[known] = _objects(moments)
    return values


def from_zoned(part: pd.Series) -> pa.Array:
    """A column of pandas' or Arrow's own type with a zone: each moment with the zone's offset."""
    zone = getattr(part.dtype, "tz", None) or part.dtype.pyarrow_dtype.tz
    part = part.astype(pd.DatetimeTZDtype("us", zone))
    utc = part.to_numpy("datetime64[us]").view(np.int64)
    clock = part.dt.tz_localize(None).to_numpy().view(np.int64)
    return _encode(utc, clock, part.isna().to_numpy())


def from_datetimes(part: Iterable) -> pa.Array:
    """A column of datetimes. One without a zone is taken for UTC."""
    moments = [None if pd.isna(value) else value for value in part]
    nulls = np.array([moment is None for moment in moments], dtype=bool)
    # Digits below the microsecond are cut.
    clock = pa.array(
        [moment and moment.replace(tzinfo=None) for moment in moments],
        pa.timestamp("us"),
        safe=False,
    )
    clock = clock.fill_null(0).to_numpy(zero_copy_only=False).astype("datetime64[us]").view(np.int64)
    ahead = np.array(list(map(_microseconds_ahead, moments)), dtype=np.int64)
    return _encode(clock - ahead, clock, nulls)


def _microseconds_ahead(moment: datetime.datetime | None) -> int:
    ahead = moment and moment.utcoffset()
    return ahead // MICROSECOND if ahead else 0


def _encode(utc: np.ndarray, clock: np.ndarray, nulls: np.ndarray) -> pa.Array:
    if not ((clock >= FIRST) & (clock <= LAST) | nulls).all():
        raise ValueError("a moment outside of the years 1 to 9999")
    records = np.zeros(len(utc), RECORD)
    records["ticks"] = np.where(nulls, 0, utc) * 10
    # Offsets that aren't whole minutes were in use until 1972; the moment stays what it is.
    records["minutes"] = np.where(nulls, 0, clock - utc) // MICROSECONDS
    validity = pa.array(~nulls).buffers()[1] if nulls.any() else None
    return pa.Array.from_buffers(ARROW_TYPE, len(utc), [validity, pa.py_buffer(records)])


def _objects(values: list) -> np.ndarray:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array
