"""TRY…CATCH, RAISERROR and THROW."""

import pytest

CAUGHT = "SELECT ERROR_NUMBER() AS n, ERROR_SEVERITY() AS v, ERROR_LINE() AS l, ERROR_MESSAGE() AS m"


def catch(body, handler=CAUGHT):
    return f"BEGIN TRY\n{body}\nEND TRY\nBEGIN CATCH\n{handler}\nEND CATCH"


def test_what_a_catch_block_sees(sql):
    outcome = sql.run(catch("SELECT 1 / 0 AS x\nPRINT 'never'"))
    assert (outcome.numbers, outcome.messages) == ([], [])
    assert outcome.sets[-1].rows == [(8134, 16, 2, "Divide by zero error encountered.")]


def test_nothing_is_caught_outside(sql):
    assert sql.run("SELECT ERROR_NUMBER() AS n").value is None
    assert sql.run(catch("PRINT 'well'", "PRINT 'caught'")).texts(0) == ["well"]


def test_an_error_in_a_text_or_a_parse_is_caught_by_its_caller(sql):
    for text in ("EXEC (N'SELECT 1 / 0 AS x')", "EXEC sp_executesql N'SELECT nosuch'", "EXEC (N'SELEC 1 1')"):
        outcome = sql.run(catch(text, "SELECT ERROR_NUMBER() AS n") + "; PRINT 'on'")
        assert outcome.numbers == [], text
        assert outcome.texts(0) == ["on"]


def test_catches_within_catches(sql):
    inner = catch("SELECT 1 / 0 AS x", "SELECT ERROR_NUMBER() AS n; RAISERROR ('inner', 16, 3)")
    outcome = sql.run(catch(inner, "SELECT ERROR_MESSAGE() AS m, ERROR_STATE() AS s"))
    assert [s.rows for s in outcome.check().sets if s.rows] == [[(8134,)], [("inner", 3)]]


def test_throw_raises_what_was_caught(sql):
    outcome = sql.run(catch("SELECT 1 / 0 AS x", "PRINT 'seen'; THROW") + "; PRINT 'never'")
    assert (outcome.numbers, outcome.texts(0)) == ([8134], ["seen"])
    assert sql.run("THROW").numbers == [10704]


def test_throw_of_ones_own_ends_the_batch(sql):
    outcome = sql.run("DECLARE @m nvarchar(20) = N'größer'\nTHROW 51000, @m, 7\nPRINT 'never'")
    (error,) = outcome.messages
    assert (error.number, error.severity, error.state, error.line, error.text) == (51000, 16, 7, 2, "größer")
    assert sql.run("THROW 49999, 'x', 1").numbers == [35100]


@pytest.mark.parametrize(("severity", "is_error"), [(0, False), (10, False), (11, True), (18, True)])
def test_raiserror(sql, severity, is_error):
    outcome = sql.run(f"RAISERROR (N'%s has %05d', {severity}, 4, N'It', 42); PRINT 'on'")
    raised = outcome.messages[0]
    assert (raised.number, raised.state, raised.text) == (50000, 4, "It has 00042")
    assert (outcome.numbers == [50000]) == is_error
    assert outcome.texts(0) == ["on"]


def test_raiserror_refuses_what_it_cannot_format(sql):
    assert sql.run("RAISERROR ('%d', 16, 1, 'x')").numbers == [2786]
    assert sql.run("RAISERROR ('%y', 16, 1)").numbers == [2787]
    assert sql.run("RAISERROR ('x', 19, 1)").numbers == [2754]
    assert sql.run("RAISERROR (51234, 16, 1)").numbers == [18054]


def test_the_last_error_of_a_failing_script_is_caught_and_thrown(sql):
    script = "EXEC sp_execute_external_script @language = N'Python', @script = N'raise ValueError(5)'"
    assert sql.run(catch(script, "SELECT ERROR_NUMBER() AS n")).sets[-1].rows == [(39019,)]
    assert sql.run(catch(script, "THROW")).numbers == [39019]


def test_a_doomed_transaction_can_only_be_rolled_back(sql):
    sql.run("CREATE TABLE doomed (a int)").check()
    try:
        handler = "SELECT XACT_STATE() AS s; INSERT doomed VALUES (2)"
        batch = "SET XACT_ABORT ON; BEGIN TRAN; INSERT doomed VALUES (1);" + catch("SELECT 1 / 0 AS x", handler)
        outcome = sql.run(batch)
        assert outcome.sets[-1].rows == [(-1,)]
        assert outcome.numbers == [3930]
        assert sql.run("SELECT XACT_STATE() AS s, @@TRANCOUNT AS d").rows == [(0, 0)]
        assert sql.run("SELECT COUNT(*) AS n FROM doomed").value == 0
        batch = "BEGIN TRAN;" + catch("SELECT 1 / 0 AS x", "PRINT 'left open'")
        assert sql.run(batch).numbers == [3998]
        handler = "IF XACT_STATE() = -1 ROLLBACK; PRINT 'rolled back'"
        assert sql.run("BEGIN TRAN;" + catch("SELECT 1 / 0 AS x", handler)).numbers == []
    finally:
        sql.run("SET XACT_ABORT OFF; IF @@TRANCOUNT > 0 ROLLBACK; DROP TABLE doomed").check()
