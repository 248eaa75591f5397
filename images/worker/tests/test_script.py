"""How scripts run, print, end and fail."""

import pytest

from controller import Worker, run


def test_names_are_bound_without_import():
    result = run(
        "print(pandas.__name__, numpy is np, os.name, sys.version_info.major,\n"
        "      platform.system(), DataFrame is pandas.DataFrame, __name__)"
    )
    assert result.stdout == "pandas True posix 3 Linux True __main__\n"
    assert result.done


def test_data_sets_are_empty_frames_without_input():
    result = run("print(InputDataSet.shape, OutputDataSet.shape)")
    assert result.stdout == "(0, 0) (0, 0)\n"
    assert result.schema is None


def test_text_arrives_as_it_was_written():
    result = run("print('out'); print('err', file=sys.stderr); os.write(1, b'raw\\n')")
    assert (result.stdout, result.stderr) == ("out\nraw\n", "err\n")


def test_text_without_a_newline_is_flushed_at_the_end():
    assert run("sys.stdout.write('no newline')").stdout == "no newline"
    failed = run("sys.stdout.write('before'); 1/0")
    assert failed.stdout == "before" and failed.failed


def test_text_of_the_c_library_is_flushed():
    assert run("import ctypes; ctypes.CDLL(None).printf(b'from C')").stdout == "from C"


@pytest.mark.parametrize("script", ["", "\n", "\r\nx = 1\r\nif x:\r\n    x = 2;\r\n", "\ufeffx = 1"])
def test_blank_crlf_and_bom_are_accepted(script):
    assert run(script).done


def test_a_traceback_names_string_and_line_and_shows_the_source():
    result = run("\ndef f():\n    raise ValueError('bad')\n\nf()\n")
    assert result.failed["traceback"] == (
        "Traceback (most recent call last):\n"
        '  File "<string>", line 5, in <module>\n'
        "    f()\n"
        '  File "<string>", line 3, in f\n'
        "    raise ValueError('bad')\n"
        "ValueError: bad\n"
    )
    assert (result.failed["exception"], result.failed["message"]) == ("ValueError", "bad")
    assert not result.done


def test_a_syntax_error_has_no_frames_of_ours():
    failed = run(" x = 1").failed
    assert failed["exception"] == "IndentationError"
    assert failed["traceback"].startswith('  File "<string>", line 1\n')


def test_a_null_character_is_an_error_and_not_the_end():
    assert "null" in run("x = '\0'").failed["traceback"]


def test_an_exception_that_cannot_be_shown():
    failed = run(
        "class Bad(Exception):\n"
        "    def __str__(self): raise RuntimeError\n"
        "raise Bad"
    ).failed
    assert failed["exception"] == "Bad"
    assert "line 3" in failed["traceback"]


def test_a_huge_message_is_shortened():
    failed = run("raise ValueError('x' * 10_000_000)").failed
    assert len(failed["traceback"]) <= 128 << 10
    assert "characters left out" in failed["traceback"]


def test_a_message_of_surrogates_and_control_characters_fits_a_frame():
    failed = run("raise ValueError('\\x00' * 1_000_000 + '\\udc80')").failed
    assert failed["traceback"].endswith("\\udc80\n")


def test_deep_recursion():
    failed = run("def f(): f()\nf()").failed
    assert failed["exception"] == "RecursionError"


@pytest.mark.parametrize("ending", ["sys.exit()", "sys.exit(0)", "raise SystemExit"])
def test_leaving_well(ending):
    result = run(f"OutputDataSet = DataFrame({{'a': [1]}})\n{ending}")
    assert result.done and result.column() == [1]


@pytest.mark.parametrize("ending", ["sys.exit(3)", "sys.exit('no')"])
def test_leaving_badly(ending):
    assert run(ending).failed["exception"] == "SystemExit"


def test_ending_the_process_is_no_success():
    result = run("os._exit(0)")
    assert not result.done and result.failed is None


def test_closing_the_connection_is_no_success():
    result = run("os.close(3)")
    assert not result.done and result.code == 70


def test_threads_that_go_on_do_not_hold_up_the_end():
    result = run("import threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()")
    assert result.done


def test_a_forked_child_that_runs_off_the_end_sends_nothing():
    result = run(
        "pid = os.fork()\nif pid: os.waitpid(pid, 0)\n"
        "OutputDataSet = DataFrame({'a': [1]})"
    )
    assert result.done and result.column() == [1]


def test_functions_can_be_pickled():
    script = "import pickle\ndef f(): return 42\nprint(pickle.loads(pickle.dumps(f))())"
    assert run(script).stdout == "42\n"


def test_the_data_connection_is_not_inherited():
    result = run(
        "import subprocess\n"
        "print(subprocess.run(['sh', '-c', '[ -e /proc/self/fd/3 ] && echo open'],\n"
        "      capture_output=True, close_fds=False, text=True).stdout)"
    )
    assert "open" not in result.stdout


def test_a_fresh_interpreter_without_our_folder_on_its_path():
    result = run("print(__import__('__main__').__dict__ is globals(), sys.path)", fresh=True)
    assert result.stdout.startswith("True ") and "images/worker" not in result.stdout
    assert result.code == 0


def test_what_is_no_request_ends_the_worker():
    worker = Worker()
    worker.receive()
    worker.send(0x24, b"input unasked")
    _, stderr, code = worker.wait()
    assert code == 70
    assert "not expected here" in stderr


def test_a_controller_that_is_gone_ends_the_worker():
    worker = Worker()
    worker.receive()
    worker.stream.close()
    assert worker.wait()[2] == 70


@pytest.mark.parametrize(
    ("raised", "limit"),
    [
        ("raise OSError(24, 'Too many open files', '/etc/hosts')", "open_files"),
        ("raise OSError(27, 'File too large')", "file_size"),
        ("raise OSError(28, 'No space left on device', '/tmp/a')", "scratch_size"),
        ("raise OSError(28, 'No space left on device', '/dev/shm/a')", "shared_memory"),
        ("raise OSError(28, 'No space left on device', '/dev/full')", None),
        ("raise OSError(28, 'No space left on device', '/tmpfile')", None),
        ("raise OSError(2, 'No such file or directory', '/tmp/a')", None),
        ("raise OSError('1000 requested and 400 written')", None),
        ("raise ValueError('bad') from OSError(24, 'Too many open files')", "open_files"),
        ("try: raise OSError(24, 'x')\nexcept OSError: raise ValueError('bad')", "open_files"),
        ("try: raise OSError(24, 'x')\nexcept OSError: pass\nraise ValueError('bad')", None),
        ("e = ValueError('bad'); e.__cause__ = e; raise e", None),
        ("os.statvfs = None\nraise OSError(28, 'No space left on device')", None),
    ],
)
def test_an_exception_names_the_limit_that_it_tells_of(raised, limit):
    assert run(raised).failed["exhausted"] == limit
