"""One column of the output: from pandas' many types to Arrow's flat ones.

TYPES.md, with the protocol, has the table.
"""

import datetime
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pyarrow as pa

from . import moments, sizes
from .batches import slices
from .decimals import decimal128, decimal_type, is_finite

GUID = pa.binary(16)
MAX_NAME = 128
CONTAINERS = (list, tuple, dict, set, frozenset, np.ndarray, pd.Series, pd.DataFrame)
BYTES = (bytes, bytearray, memoryview)
BEYOND_INT64 = 1 << 63

# What pandas finds in an object column (pandas.api.types.infer_dtype), and its Arrow type.
OBJECT_TYPES = {
    "string": pa.string(),
    "bytes": pa.binary(),
    "integer": pa.int64(),
    "boolean": pa.bool_(),
    "floating": pa.float64(),
    "mixed-integer-float": pa.float64(),
    "date": pa.date32(),
    "time": pa.time64("us"),
    "empty": pa.null(),
}


# Arrow's extension types that have a SQL type.
EXTENSIONS = {"arrow.uuid": GUID, "arrow.json": pa.string()}


class OutputError(Exception):
    """The results can't be sent. The text is for the script's author."""


class Unsupported(Exception):
    """A type that has no SQL type; the text names it."""


@dataclass(frozen=True)
class Column:
    """A column that is ready to be sent, slice by slice."""

    field: pa.Field
    series: pd.Series
    convert: Callable[[pd.Series], pa.Array]
    # Bytes of a slice's values where they vary in size.
    measure: Callable[[pd.Series], int] | None
    place: str

    def arrow(self, start: int, stop: int) -> pa.Array:
        """Rows start to stop as Arrow."""
        return self._apply(self.convert, start, stop)

    def size(self, start: int, stop: int) -> int:
        """About how many bytes the values of rows start to stop take beyond a few each."""
        return 0 if self.measure is None else self._apply(self.measure, start, stop)

    def _apply(self, function: Callable, start: int, stop: int):
        try:
            return function(self.series.iloc[start:stop])
        except (pa.ArrowException, UnicodeError, OverflowError, TypeError, ValueError) as error:
            raise OutputError(f"A value of {self.place} can't be sent: {error}") from error


def plan(series: pd.Series, position: int, wants_length: bool) -> Column:
    """Finds the column's Arrow type.

    `wants_length`: measure the longest text, because no declared type says it.
    """
    name = _name(series)
    place = f"output column # {position} ('{name}')"
    if isinstance(series.dtype, pd.CategoricalDtype):
        categories = series.cat.categories.dtype
        series = series.astype(object if series.hasnans else categories)
    try:
        if not wants_length and len(series) == 0 and series.dtype in (object, np.float64):
            # What pandas gives a column that nobody gave a type: the declared one holds.
            arrow_type, convert = pa.null(), None
            measure = None
        elif series.dtype == object:
            arrow_type, convert = plan_object(series, place)
            measure = sizes.of_objects
        elif isinstance(series.dtype, np.dtype):
            arrow_type, convert = _plan_numpy(series.dtype)
            measure = None
        else:
            arrow_type, convert = _plan_extension(series)
            measure = sizes.of_arrow
    except Unsupported as unsupported:
        raise OutputError(
            f"Unsupported data type {unsupported} in output data for column # {position}. "
            f"Convert column '{name}', for example with .astype(str) or .astype(float)."
        ) from None
    if arrow_type not in (pa.string(), pa.binary()):
        measure = None
    column = Column(pa.field(name, arrow_type), series, convert, measure, place)
    if not wants_length or arrow_type != pa.string():
        return column
    parts = (column.arrow(start, stop) for start, stop in slices([column], len(series)))
    longest = sizes.longest(parts)
    metadata = {"launchpod.max_length": str(longest)}
    return replace(column, field=column.field.with_metadata(metadata))


def _name(series: pd.Series) -> str:
    try:
        name = str(series.name)[:MAX_NAME]
        return name.encode("utf-8", "backslashreplace").decode()
    except Exception:
        # A label may be any object.
        return ""


# === numpy ===


def _plan_numpy(dtype: np.dtype):
    if dtype.kind in "biu":
        # Arrow takes the machine's byte order only.
        target = dtype.newbyteorder("=")
        return pa.from_numpy_dtype(target), lambda part: pa.array(
            part.to_numpy().astype(target, copy=False)
        )
    if dtype.kind == "f":
        target = np.dtype(np.float32 if dtype.itemsize <= 4 else np.float64)
        return pa.from_numpy_dtype(target), lambda part: pa.array(
            part.to_numpy().astype(target, copy=False)
        )
    if dtype.kind == "M":
        # By pandas, because numpy's own cast lets years beyond the range wrap around.
        return pa.timestamp("us"), lambda part: pa.array(
            part.astype("datetime64[us]").to_numpy()
        )
    raise Unsupported(dtype)


# === extension types: pandas' own and Arrow's ===


def _plan_extension(series: pd.Series):
    if isinstance(series.dtype, pd.SparseDtype):
        raise Unsupported(series.dtype)
    if _has_zone(series.dtype):
        return moments.ARROW_TYPE, moments.from_zoned
    try:
        target = _flat(_as_arrow(series.iloc[:0]).type)
    except (pa.ArrowException, TypeError, ValueError):
        # The type has no Arrow form.
        target = None
    if target is None:
        raise Unsupported(series.dtype)

    def convert(part: pd.Series) -> pa.Array:
        array = _as_arrow(part)
        if isinstance(array, pa.ExtensionArray):
            array = array.storage
        if pa.types.is_dictionary(array.type):
            array = array.dictionary_decode()
        # Unsafe only in that digits below the microsecond are cut.
        return array.cast(target, safe=getattr(array.type, "unit", None) != "ns")

    return target, convert


def _has_zone(dtype) -> bool:
    if isinstance(dtype, pd.ArrowDtype):
        arrow_type = dtype.pyarrow_dtype
        return pa.types.is_timestamp(arrow_type) and arrow_type.tz is not None
    return isinstance(dtype, pd.DatetimeTZDtype)


def _as_arrow(series: pd.Series) -> pa.Array:
    array = pa.array(series.array)
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def _flat(arrow_type: pa.DataType) -> pa.DataType | None:
    """The type that is sent for an Arrow type; None for one that is not flat."""
    t = pa.types
    if isinstance(arrow_type, pa.BaseExtensionType):
        return EXTENSIONS.get(arrow_type.extension_name)
    if t.is_dictionary(arrow_type):
        return _flat(arrow_type.value_type)
    if t.is_float16(arrow_type):
        return pa.float32()
    if t.is_string(arrow_type) or t.is_large_string(arrow_type) or t.is_string_view(arrow_type):
        return pa.string()
    if (
        t.is_binary(arrow_type)
        or t.is_large_binary(arrow_type)
        or t.is_fixed_size_binary(arrow_type)
        or t.is_binary_view(arrow_type)
    ):
        return pa.binary()
    if t.is_decimal(arrow_type):
        return decimal128(arrow_type.precision, arrow_type.scale)
    if t.is_date(arrow_type):
        return pa.date32()
    if t.is_time(arrow_type):
        return pa.time64("us")
    if t.is_timestamp(arrow_type):
        return pa.timestamp("us")
    if (
        t.is_boolean(arrow_type)
        or t.is_integer(arrow_type)
        or t.is_floating(arrow_type)
        or t.is_null(arrow_type)
    ):
        return arrow_type
    return None


# === object columns ===


def plan_object(series: pd.Series, place: str):
    """The Arrow type of a column of Python objects, and what makes a part of it an array."""
    found = pd.api.types.infer_dtype(series, skipna=True)
    if found == "integer":
        return _plan_integers(series)
    if found == "decimal":
        arrow_type = decimal_type(series)
        if arrow_type is None:
            raise OutputError(
                f"The numbers of {place} need more than 38 digits, counting those before and "
                f"after the point. Round them, or convert them with .astype(str)."
            )
        return arrow_type, lambda part: pa.array(
            part.where(part.map(is_finite), None).to_numpy(), arrow_type, from_pandas=True
        )
    if found in ("datetime", "datetime64") or found in ("date", "mixed") and _has_moments(series):
        if any(isinstance(value, datetime.datetime) and value.tzinfo for value in series):
            return moments.ARROW_TYPE, lambda part: moments.from_datetimes(map(_moment, part))
        arrow_type = pa.timestamp("us")
        # Digits below the microsecond are cut.
        return arrow_type, lambda part: pa.array(
            [_moment(value) for value in part], arrow_type, from_pandas=True, safe=False
        )
    arrow_type = OBJECT_TYPES.get(found)
    if arrow_type is not None:
        return arrow_type, _from_pandas(arrow_type)
    if found in ("timedelta", "timedelta64", "period", "interval", "complex"):
        raise Unsupported(f"object ({found})")
    return _plan_mixed(series)


def _has_moments(series: pd.Series) -> bool:
    """Whether all values are dates, and some have a time of day."""
    values = [value for value in series if not is_null(value)]
    return all(isinstance(value, datetime.date) for value in values) and any(
        isinstance(value, datetime.datetime) for value in values
    )


def _moment(value):
    if isinstance(value, np.datetime64):
        return pd.Timestamp(value)
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return datetime.datetime.combine(value, datetime.time.min)
    return value


def _plan_integers(series: pd.Series):
    if all(-BEYOND_INT64 <= value < BEYOND_INT64 for value in series if not is_null(value)):
        return pa.int64(), _from_pandas(pa.int64())
    return pa.decimal128(38, 0), _from_pandas(pa.decimal128(38, 0))


def _plan_mixed(series: pd.Series):
    """Values of several types: each as its text, but bytes are no text, nor are containers."""
    if all(isinstance(value, uuid.UUID) or is_null(value) for value in series):
        return GUID, lambda part: pa.array(
            [value.bytes if isinstance(value, uuid.UUID) else None for value in part], GUID
        )
    has_bytes = has_others = False
    for value in series:
        if isinstance(value, CONTAINERS):
            raise Unsupported(f"object ({type(value).__name__})")
        if isinstance(value, BYTES):
            has_bytes = True
        elif not is_null(value):
            has_others = True
    if has_bytes and has_others:
        raise Unsupported("object (bytes and other values)")
    make, arrow_type = (bytes, pa.binary()) if has_bytes else (str, pa.string())
    return arrow_type, lambda part: pa.array(
        [None if is_null(value) else make(value) for value in part], arrow_type
    )


def _from_pandas(arrow_type: pa.DataType) -> Callable[[pd.Series], pa.Array]:
    return lambda part: pa.array(part.to_numpy(), arrow_type, from_pandas=True)


def is_null(value) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or (
        isinstance(value, float) and value != value
    )
