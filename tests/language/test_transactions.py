"""What becomes of a transaction when a statement fails, is cancelled, or began it by itself."""

import pytest

COUNT = "SELECT COUNT(*) AS n FROM kept"


@pytest.fixture
def kept(sql):
    sql.run("CREATE TABLE kept (a int)").check()
    yield sql
    sql.run("SET XACT_ABORT, IMPLICIT_TRANSACTIONS OFF; IF @@TRANCOUNT > 0 ROLLBACK; DROP TABLE kept").check()


def test_xact_abort_ends_the_batch_and_the_transaction(kept):
    outcome = kept.run("SET XACT_ABORT ON; BEGIN TRAN; INSERT kept VALUES (1); SELECT 1 / 0 AS x; PRINT 'never'")
    assert [message.number for message in outcome.messages] == [8134]
    assert kept.run(f"{COUNT}; SELECT @@TRANCOUNT AS depth").sets[0].rows == [(0,)]
    assert kept.run("SELECT @@TRANCOUNT AS depth").value == 0


def test_without_xact_abort_both_go_on(kept):
    outcome = kept.run("BEGIN TRAN; INSERT kept VALUES (1); SELECT 1 / 0 AS x; SELECT @@TRANCOUNT AS depth; COMMIT")
    assert (outcome.numbers, outcome.sets[-1].rows) == ([8134], [(1,)])
    assert kept.run(COUNT).value == 1


@pytest.mark.parametrize(("xact_abort", "depth"), [("ON", 0), ("OFF", 1)])
def test_a_cancelled_transaction_is_open_unless_xact_abort(kept, xact_abort, depth):
    kept.run(f"SET XACT_ABORT {xact_abort}; BEGIN TRAN; INSERT kept VALUES (1)").check()
    kept.begin("WHILE 1 = 1 PRINT 'on and on'").cancel()
    assert kept.run("SELECT @@TRANCOUNT AS depth").value == depth


def test_implicit_transactions(kept):
    kept.run("SET IMPLICIT_TRANSACTIONS ON").check()
    assert kept.run("DECLARE @x int = 1; SELECT @x; SELECT @@TRANCOUNT AS depth").sets[-1].rows == [(0,)]
    kept.run("INSERT kept VALUES (1); INSERT kept VALUES (2)").check()
    assert kept.run("SELECT @@TRANCOUNT AS depth").value == 1
    kept.run("ROLLBACK").check()
    assert kept.run(f"{COUNT}; COMMIT").check().sets[0].rows == [(0,)]


def test_a_failing_input_query_does_not_end_the_batch(kept):
    outcome = kept.run("""
EXEC sp_execute_external_script @language = N'Python', @script = N'', @input_data_1 = N'SELECT * FROM nosuch'
SELECT @@ERROR AS error""")
    assert (outcome.numbers, outcome.sets[-1].rows) == ([208], [(208,)])


@pytest.mark.parametrize("level", range(6))
def test_a_request_to_begin_is_answered_with_a_descriptor_also_within_a_transaction(kept, level):
    session = kept.connection.cursor()._session
    for depth in (1, 2):
        session._tds.tds72_transaction = 0
        session.submit_begin_tran(isolation_level=level)
        session.process_simple_request()
        assert session._tds.tds72_transaction != 0
        assert kept.run("SELECT @@TRANCOUNT AS depth").value == depth
