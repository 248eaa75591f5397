"""A script that runs once for each part of its input."""

import pyarrow as pa

from controller import field, run

SCHEMA = pa.schema([field("n", pa.int32(), "int")])


def batch(*numbers):
    return pa.RecordBatch.from_arrays([pa.array(numbers, pa.int32())], schema=SCHEMA)


def test_each_part_has_its_rows_and_its_output():
    parts = [[batch(1, 2), batch(3)], [batch(4)]]
    result = run("OutputDataSet = InputDataSet * 10", schema=SCHEMA, parts=parts)
    assert [output.column(0).to_pylist() for output in result.outputs] == [[10, 20, 30], [40]]
    assert result.done and result.code == 0


def test_names_stay_between_parts():
    script = "count += len(InputDataSet)\nseen = globals().get('seen', 0) + 1\nprint(count, seen)"
    count = (field("count", pa.int32(), "int", output=True), 100)
    result = run(script, schema=SCHEMA, parts=[[batch(1, 2)], [batch(3)]], parameters=[count])
    assert result.stdout == "102 1\n103 2\n"
    assert result.results == {"count": 103}
    assert result.outputs == []


def test_the_output_of_one_part_is_not_the_next_ones():
    script = "if InputDataSet.n[0] == 1: OutputDataSet = InputDataSet"
    result = run(script, schema=SCHEMA, parts=[[batch(1)], [batch(2)]])
    assert len(result.outputs) == 1


def test_no_part_is_one_run_without_rows():
    result = run("print(len(InputDataSet)); OutputDataSet = InputDataSet", schema=SCHEMA, parts=[])
    assert result.stdout == "0\n"
    assert [output.num_rows for output in result.outputs] == [0]
    assert result.outputs[0].schema.names == ["n"]


def test_a_failure_is_that_of_its_part():
    script = "OutputDataSet = InputDataSet\nassert InputDataSet.n[0] != 2"
    parts = [[batch(1)], [batch(2)], [batch(3)]]
    result = run(script, schema=SCHEMA, parts=parts)
    assert len(result.outputs) == 1
    assert result.failed["exception"] == "AssertionError"


def test_exit_ends_one_run():
    script = "OutputDataSet = InputDataSet\nsys.exit()\nprint('not reached')"
    result = run(script, schema=SCHEMA, parts=[[batch(1)], [batch(2)]])
    assert len(result.outputs) == 2 and result.done


def test_without_parts_the_batches_are_one_input():
    result = run("OutputDataSet = InputDataSet", [batch(1), batch(2)], schema=SCHEMA)
    assert [output.column(0).to_pylist() for output in result.outputs] == [[1, 2]]
    assert result.ready["version"] == 2
