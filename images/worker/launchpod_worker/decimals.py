"""Exact numbers in object columns."""

import decimal

import pandas as pd
import pyarrow as pa

# SQL Server's and Arrow's limit.
MAX_PRECISION = 38


def decimal128(precision: int, scale: int) -> pa.DataType | None:
    """The type of so many digits, of which `scale` follow the point; None beyond 38.

    Arrow's scale may be negative, SQL's not.
    """
    if scale < 0:
        precision, scale = precision - scale, 0
    return pa.decimal128(precision, scale) if precision <= MAX_PRECISION else None


def is_finite(value) -> bool:
    """Whether a value is a number, neither missing nor infinite."""
    return isinstance(value, decimal.Decimal) and value.is_finite()


def decimal_type(series: pd.Series) -> pa.DataType | None:
    """The least decimal type that holds every number; None when there is none.

    NaN and infinity count as missing values.
    """
    whole = scale = 0
    for value in series:
        if not is_finite(value):
            continue
        _, digits, exponent = value.as_tuple()
        scale = max(scale, -exponent)
        whole = max(whole, len(digits) + exponent)
    return decimal128(max(1, whole + scale), scale)
