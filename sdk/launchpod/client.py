"""Running a script, or a function, beside the data."""

import datetime
import inspect
import textwrap
from collections.abc import Callable, Mapping
from decimal import Decimal
from numbers import Integral, Real

import pandas

INPUT = "InputDataSet"
OUTPUT = "OutputDataSet"


def execute(
    connection,
    script: str | Callable,
    query: str = "",
    *,
    parameters: Mapping[str, object] | None = None,
    columns: str | None = None,
    language: str = "Python",
) -> pandas.DataFrame | None:
    """Runs a script by `sp_execute_external_script` and returns its result; `None` without one.

    `connection` is a DB-API connection. `script` is a text, or a function that is called with the
    rows of `query` (when there is one) and the parameters, and returns a DataFrame or `None`; it is
    sent as source, so it has to bring its imports along. `columns` is what WITH RESULT SETS says
    between its parentheses (`"id int, name nvarchar(50)"`); without it the result has no names.

    Errors are the driver's.
    """
    given = dict(parameters or {})
    text = script if isinstance(script, str) else _call_of(script, bool(query), given)
    cursor = connection.cursor()
    cursor.execute(statement(text, query, given, columns, language))
    if cursor.description is None:
        return None
    names = [column[0] for column in cursor.description]
    rows = [tuple(row) for row in cursor.fetchall()]
    return pandas.DataFrame(rows, columns=names if any(names) else range(len(names)))


def statement(
    script: str,
    query: str = "",
    parameters: Mapping[str, object] | None = None,
    columns: str | None = None,
    language: str = "Python",
) -> str:
    """The T-SQL that `execute` sends."""
    arguments = {"language": _literal(language), "script": _literal(script)}
    if query:
        arguments["input_data_1"] = _literal(query)
    given = parameters or {}
    for name in given:
        if not name.isidentifier():
            raise ValueError(f"not a parameter's name: {name!r}")
    if given:
        declared = ", ".join(f"@{name} {_type_of(value)}" for name, value in given.items())
        arguments["params"] = _literal(declared)
        arguments |= {name: _literal(value) for name, value in given.items()}
    call = ", ".join(f"@{name} = {value}" for name, value in arguments.items())
    clause = f" WITH RESULT SETS (({columns}))" if columns else ""
    return f"EXEC sp_execute_external_script {call}{clause}"


def _call_of(function: Callable, has_input: bool, parameters: Mapping[str, object]) -> str:
    """A script that calls a function: its source, and the call."""
    source = textwrap.dedent(inspect.getsource(function))
    if not source.startswith("def "):
        raise ValueError("only a function with a name, made by def, can be sent")
    arguments = [INPUT] if has_input else []
    arguments += [f"{name}={name}" for name in parameters]
    call = f"{function.__name__}({', '.join(arguments)})"
    return f"{source}\n__result = {call}\nif __result is not None:\n    {OUTPUT} = __result\n"


def _type_of(value: object) -> str:
    """The T-SQL type that a value is declared with."""
    # A bool is an int, a datetime is a date, and so on: the order matters.
    types = [
        (bool, "bit"),
        (Integral, "bigint"),
        (Decimal, "decimal(38, 10)"),
        (Real, "float"),
        (str, "nvarchar(max)"),
        ((bytes, bytearray), "varbinary(max)"),
        (datetime.datetime, "datetime2"),
        (datetime.date, "date"),
        (datetime.time, "time"),
        (type(None), "nvarchar(max)"),
    ]
    for kind, name in types:
        if isinstance(value, kind):
            return name
    raise TypeError(f"a parameter can't be a {type(value).__name__}")


def _literal(value: object) -> str:
    """A value as T-SQL writes it."""
    match value:
        case None:
            return "NULL"
        case bool():
            return str(int(value))
        case str():
            return "N'" + value.replace("'", "''") + "'"
        case bytes() | bytearray():
            return "0x" + value.hex()
        case datetime.datetime():
            return f"'{value.isoformat(timespec='microseconds')}'"
        case datetime.date() | datetime.time():
            return f"'{value.isoformat()}'"
        case Integral():
            return str(int(value))
        case Decimal():
            return f"{value:f}"
        case _:
            return f"{float(value)!r}e0" if "e" not in repr(float(value)) else repr(float(value))
