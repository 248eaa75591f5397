"""Changes of rows through queries, as a client sees them."""

import pytest


@pytest.fixture
def queue(sql):
    sql.run("CREATE TABLE queue (id int IDENTITY PRIMARY KEY, job nvarchar(20), done bit DEFAULT 0)").check()
    sql.run("INSERT queue (job) VALUES (N'one'), (N'two'), (N'two'), (N'three')").check()
    yield sql
    sql.run("IF @@TRANCOUNT > 0 ROLLBACK; DROP VIEW IF EXISTS waiting; DROP TABLE queue").check()


def test_a_queue_hands_out_its_first_row(queue):
    take = "WITH q AS (SELECT TOP (1) * FROM queue WITH (ROWLOCK, READPAST) ORDER BY id) DELETE FROM q OUTPUT deleted.*"
    taken = queue.run(take).only
    assert (taken.names, taken.rows) == (["id", "job", "done"], [(1, "one", False)])
    mark = (
        "WITH q AS (SELECT TOP (1) id, job, done, 'next: ' + job AS label FROM queue WHERE done = 0 ORDER BY id) "
        "UPDATE q SET done = 1, job += N'!' OUTPUT inserted.id, deleted.done, inserted.done, inserted.label"
    )
    assert queue.run(mark).rows == [(2, False, True, "next: two!")]
    assert queue.run("SELECT job FROM queue WHERE done = 1").rows == [("two!",)]


def test_duplicates_go_by_their_number(queue):
    outcome = queue.run(
        "WITH d AS (SELECT *, ROW_NUMBER() OVER (PARTITION BY job ORDER BY id) AS n FROM queue) "
        "DELETE FROM d WHERE n > 1; SELECT @@ROWCOUNT AS n"
    )
    assert outcome.check().value == 1
    assert queue.run("SELECT id FROM queue ORDER BY id").rows == [(1,), (2,), (4,)]


def test_a_view_keeps_its_rows(queue):
    queue.run("CREATE VIEW waiting AS SELECT id, job, done FROM queue WHERE done = 0 WITH CHECK OPTION").check()
    (error,) = queue.run("SELECT 1 AS x\nUPDATE waiting\nSET done = 1 WHERE id = 1").errors
    assert (error.number, error.severity, error.line) == (550, 16, 2)
    assert queue.run("SELECT COUNT(*) AS n FROM waiting").value == 4
    assert queue.run("INSERT waiting (job, done) VALUES (N'five', 0); SELECT @@ROWCOUNT AS n").value == 1


def test_a_refused_change_names_its_line(queue):
    (error,) = queue.run("SELECT 1 AS x;\nWITH d AS (SELECT DISTINCT job FROM queue)\nDELETE d").errors
    assert (error.number, error.severity, error.state, error.text) == (
        4403, 16, 1,
        "Cannot update the view or function 'd' because it contains aggregates, or a DISTINCT or GROUP BY "
        "clause, or PIVOT or UNPIVOT operator.",
    )  # fmt: skip
