"""Running the script, and telling how it failed."""

import linecache
import os
import platform
import sys
import traceback
import types

import numpy
import pandas

from . import exhausted

FILE_NAME = "<string>"

# A FAILED frame holds a MiB, and JSON may write a character in seven bytes.
MAX_TRACEBACK = 128 << 10
MAX_MESSAGE = 8 << 10


class ScriptExit(Exception):
    """The script called sys.exit with something else than success."""


def make_namespace() -> dict:
    """A fresh main module with the names that scripts use without import."""
    module = types.ModuleType("__main__")
    # In place of ours: pickled functions refer to it.
    sys.modules["__main__"] = module
    namespace = module.__dict__
    namespace.update(
        DataFrame=pandas.DataFrame,
        np=numpy,
        numpy=numpy,
        os=os,
        pandas=pandas,
        platform=platform,
        sys=sys,
    )
    return namespace


def compile_text(script: str) -> types.CodeType:
    """The script, ready to be run as often as there are parts of the input."""
    script = script.removeprefix("\ufeff")
    # So that tracebacks show the script's lines.
    lines = [line + "\n" for line in script.splitlines()]
    linecache.cache[FILE_NAME] = (len(script), None, lines, FILE_NAME)
    return compile(script, FILE_NAME, "exec", dont_inherit=True)


def run(code: types.CodeType, namespace: dict) -> None:
    """Runs the script once. `sys.exit()` and `sys.exit(0)` end it well."""
    try:
        exec(code, namespace)
    except SystemExit as stop:
        if stop.code not in (None, 0):
            raise


def describe_failure(error: BaseException) -> dict:
    """A FAILED message. Nothing that the exception's own methods do makes this fail."""
    try:
        own_frame = error.__traceback__
        # The frames above the script's first are ours.
        while own_frame is not None and own_frame.tb_frame.f_code.co_filename != FILE_NAME:
            own_frame = own_frame.tb_next
        hit = exhausted.limit(error)
        report = traceback.TracebackException(type(error), error, own_frame)
        text = "".join(report.format()) + ("" if hit else exhausted.hint(error))
        message = str(report)
    except BaseException as trouble:
        text = f"{type(error).__name__} (its traceback can't be shown: {type(trouble).__name__})\n"
        message = ""
        hit = None
    return {
        "traceback": _shorten(text, MAX_TRACEBACK),
        "exception": _shorten(type(error).__name__, 256),
        "message": _shorten(message, MAX_MESSAGE),
        "exhausted": hit,
    }


def _shorten(text: str, limit: int) -> str:
    # Lone surrogates have no UTF-8 form.
    text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    if len(text) <= limit:
        return text
    half = limit // 2 - 32
    return f"{text[:half]}\n... {len(text) - 2 * half} characters left out ...\n{text[-half:]}"
