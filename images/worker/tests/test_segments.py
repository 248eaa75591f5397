"""Data in memory that worker and controller share."""

import os

import pyarrow as pa
import pytest

from controller import field, run
from launchpod_worker import segments

SCHEMA = pa.schema([field("n", pa.int64(), "bigint"), field("t", pa.string(), "nvarchar(9)")])


def batches(count, rows):
    """Batches of numbers that go on from one to the next, and of their texts."""
    for start in range(0, count * rows, rows):
        numbers = range(start, start + rows)
        texts = [None if n % 7 == 0 else str(n) for n in numbers]
        yield pa.record_batch([pa.array(numbers, pa.int64()), pa.array(texts)], schema=SCHEMA)


def test_many_batches_come_and_go():
    given = list(batches(9, 20_000))
    result = run("OutputDataSet = InputDataSet", given, SCHEMA, shared=True)
    assert result.failed is None and result.code == 0
    assert result.table == pa.Table.from_batches(given).cast(result.schema)
    assert result.segments > 1


def test_a_little_goes_through_the_socket():
    result = run("OutputDataSet = InputDataSet", list(batches(1, 10)), SCHEMA, shared=True)
    assert result.segments == 0
    assert result.column() == list(range(10))


def test_nothing_is_shared_unasked():
    result = run("OutputDataSet = InputDataSet", list(batches(3, 20_000)), SCHEMA)
    assert result.segments == 0
    assert result.table.num_rows == 60_000


@pytest.mark.parametrize("size", [0, 1])
def test_no_size_is_too_small(monkeypatch, size):
    monkeypatch.setattr(segments, "MIN_SIZE", size)
    script = "OutputDataSet = InputDataSet"
    for given in ([], list(batches(1, 1))):
        result = run(script, given, SCHEMA, shared=True)
        assert result.table.num_rows == len(given), result.stderr
        assert result.segments > 0


def test_parts_share_memory():
    parts = [list(batches(3, 9_000)), list(batches(1, 9_000))]
    result = run("OutputDataSet = InputDataSet", schema=SCHEMA, parts=parts, shared=True)
    assert [output.num_rows for output in result.outputs] == [27_000, 9_000]
    assert result.outputs[1].column("n").to_pylist() == list(range(9_000))


def test_more_columns_than_one_system_call_takes():
    names = [f"c{index}" for index in range(3000)]
    schema = pa.schema([field(name, pa.float64(), "float") for name in names])
    columns = [pa.array([float(index)] * 20) for index in range(3000)]
    batch = pa.record_batch(columns, schema=schema)
    for shared in (False, True):
        result = run("OutputDataSet = InputDataSet", [batch], schema, shared=shared)
        assert result.failed is None, result.failed
        assert [column[0].as_py() for column in result.table.columns] == list(range(3000))
        assert (result.segments > 0) == shared


def test_descriptors_are_not_left_open():
    script = "import os; print(len(os.listdir('/proc/self/fd')))\nOutputDataSet = InputDataSet"
    counts = {
        run(script, list(batches(count, 20_000)), SCHEMA, shared=True).stdout for count in (2, 8)
    }
    assert len(counts) == 1, counts
    assert len(os.listdir("/proc/self/fd")) < 100
