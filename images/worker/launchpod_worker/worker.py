"""The order of events: READY, request, input, script, output, end."""

import ctypes
import os
import platform
import socket
import sys

import pandas

from . import frames, inputs, outputs, request, scalars, script
from .frames import Connection, ProtocolError

DATA_FD = 3
EXIT_PROTOCOL = 70

# A script may replace the functions of `os`.
_exit = os._exit
_getpid = os.getpid
_flush_c_streams = ctypes.CDLL(None).fflush


def main() -> None:
    """Serves one request on descriptor 3, and ends the process."""
    os.set_inheritable(DATA_FD, False)
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
    connection.send_message(frames.READY, {"runtime": f"Python {platform.python_version()}"})
    asked = request.receive(connection)
    namespace = script.make_namespace()
    own_pid = _getpid()
    try:
        namespace[asked.output_name] = pandas.DataFrame()
        namespace[asked.input_name] = (
            inputs.read_frame(connection, asked.type_mapping) if asked.has_input else pandas.DataFrame()
        )
        for parameter in asked.parameters:
            namespace[parameter.name] = scalars.to_python(parameter)
        script.run(asked.script, namespace)
        if _getpid() != own_pid:
            # A child that the script has forked and let run off its end.
            _flush()
            _exit(0)
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


def _send_results(connection: Connection, asked: request.Request, namespace: dict) -> None:
    outputs.send(connection, namespace.get(asked.output_name, outputs.MISSING), asked)
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
