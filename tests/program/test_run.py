"""`launchpod run`: a script without a client."""

import os
import subprocess

import pandas
import pytest

from harness.server import BINARY

FRAME = pandas.DataFrame({"n": [1, 2, 3], "s": ["a", "ü", None]})


@pytest.fixture
def write(tmp_path):
    def write(text: str) -> str:
        (tmp_path / "script.py").write_text(text)
        return "script.py"

    return write


def test_query_and_output(launchpod, write, tmp_path):
    script = write("OutputDataSet = InputDataSet\nOutputDataSet['m'] = OutputDataSet['n'] * int(factor)\n")
    launchpod(
        "run", script, "--query", "SELECT n FROM (VALUES (1), (2)) AS t(n)", "--param", "factor=3",
        "--output", "out.csv",
    )  # fmt: skip
    assert pandas.read_csv(tmp_path / "out.csv").values.tolist() == [[1, 3], [2, 6]]


@pytest.mark.parametrize("kind", ["parquet", "csv", "arrow"])
def test_files_in_and_out(launchpod, write, tmp_path, kind):
    save(FRAME, tmp_path / f"in.{kind}")
    script = write("OutputDataSet = InputDataSet")
    launchpod("run", script, "--input", f"in.{kind}", "--output", f"out.{kind}")
    pandas.testing.assert_frame_equal(load(tmp_path / f"out.{kind}"), FRAME, check_dtype=False)


def save(frame, path):
    match path.suffix:
        case ".parquet":
            frame.to_parquet(path)
        case ".csv":
            frame.to_csv(path, index=False)
        case ".arrow":
            frame.to_feather(path, compression="uncompressed")


def load(path):
    match path.suffix:
        case ".parquet":
            return pandas.read_parquet(path)
        case ".csv":
            return pandas.read_csv(path)
        case ".arrow":
            return pandas.read_feather(path)


def test_without_output_the_result_is_shown(launchpod, write):
    script = write("print('printed')\nOutputDataSet = pandas.DataFrame({'answer': [42]})")
    done = launchpod("run", script)
    assert "42" in done.stdout
    assert "printed" in done.stdout + done.stderr


def test_a_failing_script(launchpod, write):
    done = launchpod("run", write("x = 1\nraise ValueError('not today')"), code=1)
    assert 'File "<string>", line 2' in done.stderr
    assert "ValueError: not today" in done.stderr


def test_a_script_that_is_not_there(launchpod):
    done = launchpod("run", "missing.py", code=1)
    assert "missing.py" in done.stderr


def test_output_without_rows(launchpod, write, tmp_path):
    (tmp_path / "kept.csv").write_text("old")
    for name in ("kept.csv", "new.csv"):
        done = launchpod("run", write("x = 1"), "--output", name, code=1)
        assert "OutputDataSet" in done.stderr and name in done.stderr
    assert (tmp_path / "kept.csv").read_text() == "old"
    assert not (tmp_path / "new.csv").exists()


def test_the_settings_file_holds_for_every_command(launchpod, write, tmp_path):
    (tmp_path / "launchpod.toml").write_text("python_image = 'no-such-image'\n")
    done = launchpod("run", write("x = 1"), "--config", "launchpod.toml", code=1)
    assert "no-such-image" in done.stderr
    done = launchpod("doctor", code=1, LAUNCHPOD_CONFIG="launchpod.toml")
    assert "no-such-image" in done.stdout


def test_a_filter_that_is_none_is_named(launchpod):
    assert "a=b=c" in launchpod("doctor", "--log", "a=b=c", code=1).stderr


def test_a_reader_that_leaves(tmp_path):
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([BINARY, "image", "list"], stdout=writer, stderr=subprocess.PIPE, text=True, timeout=60)
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, "")
