"""The order of events: READY, request, input, script, output, end."""

import ctypes
import os
import platform
import socket
import sys
from collections.abc import Iterator

import pandas

from . import frames, inputs, outputs, request, scalars, script, sqlite
from .frames import Connection, ProtocolError

DATA_FD = 3
# Of the conversation, as PROTOCOL.md numbers it.
VERSION = 2
EXIT_PROTOCOL = 70

# A script may replace the functions of `os`.
_exit = os._exit
_getpid = os.getpid
_flush_c_streams = ctypes.CDLL(None).fflush


def main() -> None:
    """Serves one request on descriptor 3, and ends the process."""
    os.set_inheritable(DATA_FD, False)
    sqlite.lock_by_folders()
    connection = Connection(socket.socket(fileno=DATA_FD))
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
    try:
        serve(connection)
    except (ProtocolError, OSError) as error:
        print(f"launchpod worker: {error}", file=sys.__stderr__)
        code = EXIT_PROTOCOL
    else:
        code = 0
    # Not sys.exit: threads that the script has left behind must not hold up the end.
    _flush()
    _exit(code)


def serve(connection: Connection) -> None:
    """Says READY, waits for a request and carries it out."""
    ready = {
        "runtime": f"Python {platform.python_version()}",
        "version": VERSION,
        "shared_memory": connection.passes_descriptors,
    }
    connection.send_message(frames.READY, ready)
    asked = request.receive(connection)
    namespace = script.make_namespace()
    own_pid = _getpid()
    try:
        for parameter in asked.parameters:
            namespace[parameter.name] = scalars.to_python(parameter)
        code = script.compile_text(asked.script)
        for frame in _inputs(connection, asked):
            namespace[asked.output_name] = pandas.DataFrame()
            namespace[asked.input_name] = frame
            # The script's own from here on: it may let go of the rows.
            del frame
            script.run(code, namespace)
            if _getpid() != own_pid:
                # A child that the script has forked and let run off its end.
                _flush()
                _exit(0)
            outputs.send(connection, namespace.get(asked.output_name, outputs.MISSING), asked)
        _send_results(connection, asked, namespace)
    except ProtocolError:
        raise
    except BaseException as error:
        if _getpid() != own_pid:
            _flush()
            _exit(1)
        failure = outputs.describe(error) or script.describe_failure(error)
        _flush()
        connection.send_message(frames.FAILED, failure)
    else:
        _flush()
        connection.send(frames.DONE)


def _inputs(connection: Connection, asked: request.Request) -> Iterator[pandas.DataFrame]:
    """The DataFrames with which the script runs, one after the other."""
    if asked.has_input:
        return inputs.Input(connection, asked.type_mapping).frames(asked.parts)
    return iter([pandas.DataFrame()])


def _send_results(connection: Connection, asked: request.Request, namespace: dict) -> None:
    if any(parameter.is_output for parameter in asked.parameters):
        batch = scalars.from_namespace(asked.parameters, namespace)
        for data in (batch.schema.serialize(), batch.serialize(), outputs.END_OF_STREAM):
            connection.send_chunks(frames.RESULTS, data)


def _flush() -> None:
    """Sends all text on its way, whatever the script has done to its streams."""
    for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
        try:
            stream.flush()
        except BaseException:
            pass
    _flush_c_streams(None)
