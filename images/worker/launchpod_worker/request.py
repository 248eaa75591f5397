"""What the controller asks for."""

import json
from dataclasses import dataclass

import pyarrow as pa

from . import frames
from .frames import Connection

# The mapping under which a script sees what SQL Server's own runtime would show it.
SQL_SERVER = "sqlserver"


@dataclass(frozen=True)
class Parameter:
    """A declared parameter. `sql_type` is its type as T-SQL writes it, `value`
    an array of one."""

    name: str
    sql_type: str
    arrow_type: pa.DataType
    is_output: bool
    value: pa.Array


@dataclass(frozen=True)
class Request:
    """One external script."""

    script: str
    input_name: str
    output_name: str
    has_input: bool
    # Whether the script runs once for each part of the input.
    parts: bool
    # Whether data may travel in shared memory.
    shared_memory: bool
    result_types: list[str] | None
    type_mapping: str
    parameters: list[Parameter]


def receive(connection: Connection) -> Request:
    """Waits for REQUEST and all that belongs to it."""
    _, payload = connection.receive(frames.REQUEST)
    head = json.loads(payload)
    script = bytearray()
    parameters = bytearray()
    while True:
        kind, payload = connection.receive(frames.SCRIPT, frames.PARAMETERS, frames.RUN)
        if kind == frames.RUN:
            break
        (script if kind == frames.SCRIPT else parameters).extend(payload)
    return Request(
        script=script.decode("utf-8"),
        input_name=head["input_name"],
        output_name=head["output_name"],
        has_input=head["has_input"],
        parts=head.get("parts", False),
        shared_memory=head.get("shared_memory", False),
        result_types=head["result_types"],
        type_mapping=head.get("type_mapping", "lossless"),
        parameters=_read_parameters(parameters),
    )


def _read_parameters(stream: bytearray) -> list[Parameter]:
    if not stream:
        return []
    table = pa.ipc.open_stream(stream).read_all()
    return [
        Parameter(
            name=field.name,
            sql_type=field.metadata[b"launchpod.type"].decode(),
            arrow_type=field.type,
            is_output=field.metadata.get(b"launchpod.output") == b"1",
            value=column.combine_chunks(),
        )
        for field, column in zip(table.schema, table.columns)
    ]
