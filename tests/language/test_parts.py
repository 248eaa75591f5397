"""A script that runs for each chunk or key of its input, and one that runs in several workers."""

import pymssql
import pytest

from harness.scripts import ROWS, script
from harness.server import Server

COUNTING = "OutputDataSet = pandas.DataFrame({'n': [len(InputDataSet)]})"
FIVE = "SELECT n FROM (VALUES (1), (2), (3), (4), (5)) AS t (n)"
INT = "WITH RESULT SETS ((n int))"
KEYS = "SELECT k, v FROM (VALUES (N'b', 1), (N'A', 3), (NULL, 5), (N'B', 2), (N'a', 4), (NULL, 6)) AS t (k, v)"
FIRST = """
row = InputDataSet.iloc[0]
OutputDataSet = pandas.DataFrame({'values': [' '.join(str(v) for v in InputDataSet.v)]})
"""
TEXT = "WITH RESULT SETS ((v nvarchar(100)))"
BY_KEY = {"input_data_1_partition_by_columns": "N'k'", "input_data_1_order_by_columns": "N'v DESC'"}


def chunks(rows: str, **arguments) -> dict:
    return {"params": "N'@r_rowsPerRead int'", "r_rowsPerRead": rows, **arguments}


def test_a_chunk_is_a_run(sql):
    assert sql.run(script(COUNTING, query=FIVE, clause=INT, **chunks("2"))).rows == [(2,), (2,), (1,)]
    assert sql.run(script(COUNTING, query=FIVE, clause=INT, **chunks("5"))).rows == [(5,)]
    assert sql.run(script(COUNTING, query=f"{FIVE} WHERE n > 9", clause=INT, **chunks("2"))).rows == [(0,)]


def test_what_the_script_has_assigned_stays(sql):
    """After the documentation, "Run Python using T-SQL": a counter that goes on."""
    batch = """
DECLARE @total int = 0;
EXEC sp_execute_external_script @language = N'Python', @script = N'
runs = runs + 1
total = total + int(InputDataSet.n.sum())
print(runs)
', @input_data_1 = N'SELECT n FROM (VALUES (1), (2), (3), (4), (5)) AS t (n)',
   @params = N'@r_rowsPerRead int, @runs int, @total int OUTPUT',
   @r_rowsPerRead = 3, @runs = 0, @total = @total OUTPUT;
SELECT @total;
"""
    outcome = sql.run(batch)
    assert outcome.value == 15
    written = "".join(text.split("\n", 1)[1] for text in outcome.texts(39005))
    assert written == "12"


def test_without_a_clause_the_first_run_decides_the_columns(sql):
    body = "OutputDataSet = pandas.DataFrame({'n': [InputDataSet.n.mean()], 't': ['x' * len(InputDataSet)]})"
    only = sql.run(script(body, query=FIVE, **chunks("4"))).only
    assert only.rows == [(2.5, "xxxx"), (5.0, "x")]
    whole = "OutputDataSet = InputDataSet if InputDataSet.n[0] == 1 else InputDataSet / 2"
    assert sql.run(script(whole, query=FIVE, **chunks("4"))).rows == [(1.0,), (2.0,), (3.0,), (4.0,), (2.5,)]


def test_a_later_run_that_does_not_fit_is_refused(sql):
    body = "OutputDataSet = InputDataSet if InputDataSet.n[0] == 1 else pandas.DataFrame([[1, 2]])"
    assert sql.run(script(body, query=FIVE, clause=INT, **chunks("4"))).numbers == [11537]


def test_a_key_is_a_run_and_sorted_within(sql):
    """Keys are equal without regard to case, and NULL is one of its own."""
    rows = sql.run(script(FIRST, query=KEYS, clause=TEXT, **BY_KEY)).rows
    assert rows == [("6 5",), ("4 3",), ("2 1",)]


def test_keys_in_chunks(sql):
    arguments = chunks("1", **BY_KEY)
    rows = sql.run(script(FIRST, query=KEYS, clause=TEXT, **arguments)).rows
    assert rows == [("6",), ("5",), ("4",), ("3",), ("2",), ("1",)]


@pytest.mark.parametrize(
    "query",
    [
        f"{KEYS} ORDER BY v;",
        f"WITH c AS ({KEYS}) SELECT k, v FROM c",
        f"SELECT TOP 6 k, v FROM ({KEYS}) AS t ORDER BY v OPTION (MAXDOP 1)",
        f"SELECT * FROM ({KEYS}) AS t",
    ],
)
def test_any_query_can_be_parted(sql, query):
    rows = sql.run(script(FIRST, query=query, clause=TEXT, **BY_KEY)).rows
    assert rows == [("6 5",), ("4 3",), ("2 1",)]


def test_columns_keep_their_names_and_order(sql):
    body = "print(list(InputDataSet.columns)); OutputDataSet = InputDataSet.iloc[:, :2]"
    query = "SELECT 1 AS a, 2, 3 AS a"
    arguments = {"input_data_1_partition_by_columns": "N'a'"}
    outcome = sql.run(script(body, query=query, **arguments))
    assert "['a', '', 'a']" in outcome.texts(39005)[0]


@pytest.mark.parametrize(
    ("arguments", "number", "text"),
    [
        ({"input_data_1_order_by_columns": "N'v'"}, 39103, "is not allowed without parameter"),
        ({"input_data_1_partition_by_columns": "N'k DESC'"}, 39105, "Invalid syntax"),
        ({**BY_KEY, "input_data_1_order_by_columns": "N'v UP'"}, 39106, "<ASC|DESC>"),
        ({"input_data_1_partition_by_columns": "N'k, [K]'"}, 39102, "Column name 'K' is a duplicate."),
        ({**BY_KEY, "input_data_1_order_by_columns": "N'K'"}, 39107, "Column name 'K' appears in both"),
        ({"input_data_1_partition_by_columns": "N'k, x'"}, 39104, "Column 'x' in '@input_data_1_partition_by_columns'"),
        ({**BY_KEY, "input_data_1_order_by_columns": "N'x'"}, 39104, "Column 'x' in '@input_data_1_order_by_columns'"),
        (
            {"input_data_1_partition_by_columns": "N'" + ", ".join(f"c{n}" for n in range(33)) + "'"},
            39109,
            "exceeds the maximum 32.",
        ),
        (chunks("0"), 39132, "must be a positive integer"),
        (chunks("NULL"), 39132, "must be a positive integer"),
        (chunks("1", params="N'@r_rowsPerRead int, @r_rowsPerRead int'"), 39026, "specified multiple times"),
        ({"parallel": "1"}, 39024, "Specify WITH RESULT SETS clause with output schema."),
    ],
)
def test_what_is_refused(sql, arguments, number, text):
    outcome = sql.run(script(ROWS, query=KEYS, **arguments))
    assert outcome.numbers == [number]
    assert text in outcome.errors[0].text


def test_within_a_procedure(sql):
    """Where the rows are another statement's input, and where the errors are the procedure's."""
    chunked = script(COUNTING, query=FIVE, clause=INT, **chunks("@rows", params="N'@r_rowsPerRead int'"))
    keyed = script(FIRST, query=KEYS, clause=TEXT, **{name: f"@{name[13:]}" for name in BY_KEY})
    parallel = script(ROWS, query=FIVE, parallel="1")
    sql.run("CREATE TABLE counts (n int)").check()
    for text in (
        f"CREATE PROCEDURE chunked @rows int AS {chunked}",
        f"CREATE PROCEDURE keyed @partition_by_columns nvarchar(99), @order_by_columns nvarchar(99) = N'v' AS {keyed}",
        f"CREATE PROCEDURE unsaid AS {parallel}",
    ):
        sql.run(text).check()
    try:
        sql.run("INSERT INTO counts EXEC chunked 3").check()
        # Without a clause the counts of several runs are floats.
        sql.run(f"INSERT INTO counts {script(COUNTING, query=FIVE, **chunks('4'))}").check()
        assert sorted(sql.run("SELECT n FROM counts").rows) == [(1,), (2,), (3,), (4,)]
        assert sql.run("EXEC keyed N'k'").rows == [("5 6",), ("3 4",), ("1 2",)]
        cases = [
            ("EXEC chunked 0", 39132, "chunked"),
            ("EXEC keyed N'k, k'", 39102, "keyed"),
            ("EXEC keyed NULL", 39103, "keyed"),
            ("EXEC keyed N'x'", 39104, "keyed"),
            ("EXEC keyed N'k,'", 39105, "keyed"),
            ("EXEC keyed N'k', N'v ASC DESC'", 39106, "keyed"),
            ("EXEC keyed N'k', N'K'", 39107, "keyed"),
            ("EXEC unsaid", 39024, "unsaid"),
        ]
        for call, number, procedure in cases:
            (error,) = sql.run(call).errors
            assert (error.number, error.procedure) == (number, procedure), call
        caught = sql.run("BEGIN TRY EXEC unsaid END TRY BEGIN CATCH SELECT ERROR_NUMBER() END CATCH")
        assert caught.value == 39024
    finally:
        sql.run("DROP PROCEDURE chunked, keyed, unsaid; DROP TABLE counts").check()


def test_runs_without_rows_or_results(sql):
    """No result set is asked for; and of the values that each run assigns, the last one's count."""
    arguments = chunks("2", params="N'@r_rowsPerRead int, @last int OUTPUT'", last="@last OUTPUT")
    batch = script("last = int(InputDataSet.n.max())", query=FIVE, clause="WITH RESULT SETS NONE", **arguments)
    assert sql.run(f"DECLARE @last int; {batch} SELECT @last").value == 5
    some = "if InputDataSet.n[0] != 3: OutputDataSet = InputDataSet"
    assert sql.run(script(some, query=FIVE, clause=INT, **chunks("2"))).rows == [(1,), (2,), (5,)]
    none = script(ROWS, query=FIVE, clause="WITH RESULT SETS NONE", **chunks("2"))
    assert sql.run(none).numbers == [11535]


NUMBERS = "SELECT n FROM numbers"
WHO = """
import time
time.sleep(1)
# Each live worker has a uid of its own.
print('a share')
OutputDataSet = pandas.DataFrame({'who': [str(os.getuid())], 'n': [len(InputDataSet)]})
"""
# More bytes than the server keeps back for a packet.
FIRST_ROWS = 100_000
WHO_AND_COUNT = "WITH RESULT SETS ((who nvarchar(100), n int))"


@pytest.fixture(scope="module")
def parallel(tmp_path_factory):
    """A server with three workers at most, and few worker accounts."""
    server = Server(
        tmp_path_factory.mktemp("parallel"), LAUNCHPOD_PARALLEL_WORKERS="3", LAUNCHPOD_WORKER_ACCOUNTS="3"
    )
    try:
        server.start().enable_external_scripts()
        with server.connect() as session:
            session.run("CREATE TABLE numbers (n int NOT NULL)").check()
            thousands = ", ".join(f"({n})" for n in range(1, 1001))
            for start in (0, 1000, 2000):
                session.run(f"INSERT INTO numbers SELECT n + {start} FROM (VALUES {thousands}) AS t (n)").check()
        yield server
    finally:
        server.clean_up()


def test_several_workers_have_a_share_each(parallel):
    with parallel.connect() as session:
        outcome = session.run(script(WHO, query=NUMBERS, clause=WHO_AND_COUNT, parallel="1"))
        assert sorted(n for _, n in outcome.rows) == [1000, 1000, 1000]
        assert len({who for who, _ in outcome.rows}) == 3
        assert sum("a share" in text for text in outcome.texts(39005)) == 3
        one = session.run(script(WHO, query=f"{NUMBERS} OPTION (MAXDOP 1)", clause=WHO_AND_COUNT, parallel="1"))
        assert [n for _, n in one.rows] == [3000]
        few = session.run(script(WHO, query=f"{NUMBERS} WHERE n <= 256", clause=WHO_AND_COUNT, parallel="1"))
        assert [n for _, n in few.rows] == [256]
    parallel.wait_for_no_containers()


def test_a_partition_stays_with_one_worker(parallel):
    query = "SELECT n % 7 AS k, n FROM numbers"
    body = WHO.replace("'n': [len(InputDataSet)]", "'n': [InputDataSet.k[0]]")
    arguments = {"parallel": "1", "input_data_1_partition_by_columns": "N'k'"}
    arguments |= {"params": "N'@last int OUTPUT'", "last": "@last OUTPUT"}
    batch = script(body + "last = int(InputDataSet.k[0])", query=query, clause=WHO_AND_COUNT, **arguments)
    with parallel.connect() as session:
        outcome = session.run(f"DECLARE @last int; {batch} SELECT @last").check()
    assert sorted(n for _, n in outcome.sets[0].rows) == list(range(7))
    assert len({who for who, _ in outcome.sets[0].rows}) == 3
    assert outcome.sets[1].value == 6
    parallel.wait_for_no_containers()


def test_the_first_error_ends_all(parallel):
    body = "import time\nif 3000 in set(InputDataSet.n): raise ValueError('mine')\ntime.sleep(600)"
    with parallel.connect() as session:
        outcome = session.run(script(body, query=NUMBERS, clause=INT, parallel="1"))
    assert outcome.numbers == [39004, 39019, 11536]
    assert "ValueError: mine" in outcome.errors[1].text
    parallel.wait_for_no_containers()


def test_results_are_merged_as_they_come(parallel):
    """One worker's rows are with the client while another one still runs."""
    body = f"""
import time
if 1 not in set(InputDataSet.n): time.sleep(3600)
OutputDataSet = pandas.DataFrame({{'n': range({FIRST_ROWS})}})
"""
    connection = pymssql.connect(
        server=parallel.host, port=str(parallel.port), user=parallel.user, password=parallel.password,
        autocommit=True, tds_version="7.4",
    )  # fmt: skip
    cursor = connection.cursor()
    cursor.execute(script(body, query=NUMBERS, clause=INT, parallel="1"))
    # The last of the worker's rows may wait for a packet to be full.
    assert cursor.fetchmany(FIRST_ROWS // 2) == [(n,) for n in range(FIRST_ROWS // 2)]
    assert len(parallel.containers(running=True)) >= 1
    connection.close()
    parallel.wait_for_no_containers()


def test_several_workers_read_in_chunks(parallel):
    arguments = chunks("500", parallel="1")
    with parallel.connect() as session:
        rows = session.run(script(WHO, query=NUMBERS, clause=WHO_AND_COUNT, **arguments)).rows
        # A worker whose input is empty still runs, once.
        none = session.run(script(COUNTING, query=f"{NUMBERS} WHERE n < 0", clause=INT, **arguments)).rows
    assert sum(n for _, n in rows) == 3000 and max(n for _, n in rows) == 500
    assert len({who for who, _ in rows}) == 3
    assert none == [(0,)]
    parallel.wait_for_no_containers()


def test_calls_share_the_worker_accounts_without_deadlock(parallel):
    body = "OutputDataSet = InputDataSet"
    batch = script(body, query=NUMBERS, clause=INT, parallel="1")
    outcomes = [call.result() for call in [parallel.in_background(batch) for _ in range(4)]]
    for outcome in outcomes:
        assert sorted(n for (n,) in outcome.rows) == list(range(1, 3001))
    parallel.wait_for_no_containers()
