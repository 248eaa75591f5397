"""Scalar parameters, in and out."""

import datetime
import decimal
import math
import re
import uuid

import numpy as np
import pandas as pd
import pyarrow as pa

from .columns import OutputError
from .inputs import is_exact_in_float
from .request import Parameter

_CHARACTER = re.compile(r"(n?)(?:var)?char\((\d+)\)")
_BINARY = re.compile(r"(?:var)?binary\((\d+)\)")
_WIDE = decimal.Context(prec=76)


def to_python(parameter: Parameter):
    """A parameter's value as scripts see it."""
    value = parameter.value.as_py()
    if isinstance(value, decimal.Decimal):
        field = pa.field("", parameter.arrow_type, metadata={"launchpod.type": parameter.sql_type})
        return float(value) if is_exact_in_float(field) else value
    return value


def from_namespace(parameters: list[Parameter], namespace: dict) -> pa.RecordBatch:
    """The OUTPUT parameters' values after the script, as one row."""
    wanted = [parameter for parameter in parameters if parameter.is_output]
    arrays = [
        pa.array([from_python(namespace.get(parameter.name), parameter)], parameter.arrow_type)
        for parameter in wanted
    ]
    fields = [pa.field(parameter.name, parameter.arrow_type) for parameter in wanted]
    return pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields))


def from_python(value, parameter: Parameter):
    """A value for the declared type; None when it is missing or of another kind.

    Raises OutputError for a number that the type can't hold.
    """
    if isinstance(value, np.generic):
        value = value.item() if not isinstance(value, np.datetime64) else pd.Timestamp(value)
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, (float, decimal.Decimal)) and not math.isfinite(value):
        return None
    arrow_type = parameter.arrow_type
    if pa.types.is_boolean(arrow_type):
        return bool(value) if isinstance(value, (bool, int)) else None
    if pa.types.is_integer(arrow_type):
        return _integer(value, parameter)
    if pa.types.is_floating(arrow_type):
        return float(value) if isinstance(value, (int, float, decimal.Decimal)) else None
    if pa.types.is_decimal(arrow_type):
        return _decimal(value, parameter)
    if pa.types.is_string(arrow_type):
        return _text(value, parameter)
    if pa.types.is_binary(arrow_type):
        return _bytes(value, parameter)
    if pa.types.is_date(arrow_type):
        if isinstance(value, datetime.datetime):
            return value.date()
        return value if isinstance(value, datetime.date) else None
    if pa.types.is_timestamp(arrow_type):
        return _timestamp(value)
    return None


def _integer(value, parameter: Parameter):
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int):
        return None
    bits = parameter.arrow_type.bit_width
    low, high = (0, 255) if bits == 8 else (-(1 << bits - 1), (1 << bits - 1) - 1)
    if not low <= value <= high:
        raise _overflow(value, parameter)
    return int(value)


def _decimal(value, parameter: Parameter):
    if isinstance(value, float):
        value = repr(value)
    elif not isinstance(value, (int, decimal.Decimal)):
        return None
    quantum = decimal.Decimal(1).scaleb(-parameter.arrow_type.scale)
    try:
        rounded = decimal.Decimal(value).quantize(quantum, decimal.ROUND_HALF_UP, _WIDE)
    except decimal.InvalidOperation:
        raise _overflow(value, parameter) from None
    if len(rounded.as_tuple().digits) > parameter.arrow_type.precision:
        raise _overflow(value, parameter)
    return rounded


def _text(value, parameter: Parameter):
    if isinstance(value, uuid.UUID):
        value = str(value)
    if not isinstance(value, str):
        return None
    match = _CHARACTER.fullmatch(parameter.sql_type)
    if match is None:
        return value
    size = int(match[2])
    if not match[1]:
        return value[:size]
    if 2 * len(value) <= size:
        return value
    # Code units, and no half of a pair.
    return value.encode("utf-16-le", "surrogatepass")[:2 * size].decode("utf-16-le", "ignore")


def _bytes(value, parameter: Parameter):
    if not isinstance(value, (bytes, bytearray, memoryview)):
        return None
    match = _BINARY.fullmatch(parameter.sql_type)
    data = bytes(value)
    return data if match is None else data[:int(match[1])]


def _timestamp(value):
    if isinstance(value, datetime.datetime):
        # The wall clock's time, as a datetime has no zone.
        return value.replace(tzinfo=None)
    if isinstance(value, datetime.date):
        return datetime.datetime.combine(value, datetime.time())
    return None


def _overflow(value, parameter: Parameter) -> OutputError:
    return OutputError(
        f"The value of OUTPUT parameter '{parameter.name}' does not fit its declared type "
        f"{parameter.sql_type}: {value!s:.60}."
    )
