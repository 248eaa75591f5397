"""Scalar parameters, in and out."""

import decimal
import re
import uuid

import numpy as np
import pandas as pd
import pyarrow as pa

from . import moments
from .columns import BYTES, OutputError, Unsupported, is_null, plan_object
from .gather import is_exact_in_float
from .request import Parameter

_CHARACTER = re.compile(r"(n?)(?:var)?char\((\d+)\)")
_BINARY = re.compile(r"(?:var)?binary\((\d+)\)")


def to_python(parameter: Parameter):
    """A parameter's value as scripts see it."""
    if parameter.arrow_type == moments.ARROW_TYPE:
        return moments.to_datetimes(parameter.value)[0]
    value = parameter.value[0].as_py()
    if isinstance(value, decimal.Decimal):
        field = pa.field("", parameter.arrow_type, metadata={"launchpod.type": parameter.sql_type})
        return float(value) if is_exact_in_float(field) else value
    return value


def from_namespace(parameters: list[Parameter], namespace: dict) -> pa.RecordBatch:
    """The OUTPUT parameters' values after the script, as one row.

    Each is of the type that the value itself has; the controller converts it to the declared
    one, by the rules for columns.
    """
    wanted = [parameter for parameter in parameters if parameter.is_output]
    arrays = [from_python(namespace.get(parameter.name), parameter) for parameter in wanted]
    fields = [
        pa.field(parameter.name, array.type) for parameter, array in zip(wanted, arrays)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields))


def from_python(value, parameter: Parameter) -> pa.Array:
    """One value as Arrow; NULL when it is missing.

    Raises OutputError for a value that has no SQL type.
    """
    value = _fit(_plain(value), parameter.sql_type)
    if is_null(value) or isinstance(value, decimal.Decimal) and not value.is_finite():
        is_float = isinstance(value, float) and parameter.sql_type in ("real", "float")
        # What becomes of NaN is the controller's to say.
        return pa.array([value], pa.float64()) if is_float else pa.nulls(1)
    place = f"OUTPUT parameter '{parameter.name}'"
    series = pd.Series([None], dtype=object)
    series.iat[0] = value
    try:
        if not _has_own_type(series):
            raise Unsupported(type(value).__name__)
        _, convert = plan_object(series, place)
        return convert(series)
    except Unsupported as unsupported:
        raise OutputError(
            f"Unsupported data type {unsupported} in {place}, which is declared as "
            f"{parameter.sql_type}. Assign a number, text, bytes, a date or a time."
        ) from None
    except (pa.ArrowException, UnicodeError, OverflowError, TypeError, ValueError) as error:
        raise OutputError(f"The value of {place} can't be sent: {error}") from error


def _plain(value):
    """A numpy scalar as its Python counterpart."""
    if isinstance(value, (np.datetime64, np.timedelta64)):
        return pd.Timestamp(value) if isinstance(value, np.datetime64) else pd.Timedelta(value)
    return value.item() if isinstance(value, np.generic) else value


def _has_own_type(series: pd.Series) -> bool:
    """Whether the value is of a type that has a SQL type; a column sends others as their text."""
    is_mixed = pd.api.types.infer_dtype(series, skipna=True) == "mixed"
    return not is_mixed or isinstance(series.iat[0], (*BYTES, uuid.UUID))


def _fit(value, sql_type: str):
    """Text and bytes cut to the declared size, as an assignment in T-SQL does."""
    if isinstance(value, str) and (match := _CHARACTER.fullmatch(sql_type)):
        size = int(match[2])
        if 2 * len(value) <= size:
            return value
        # Code units, and no half of a pair.
        units = value.encode("utf-16-le", "surrogatepass")[:2 * size]
        return units.decode("utf-16-le", "ignore")
    if isinstance(value, BYTES) and (match := _BINARY.fullmatch(sql_type)):
        return bytes(value)[:int(match[1])]
    return value
