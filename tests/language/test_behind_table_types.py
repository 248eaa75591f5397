"""Variables of table types beside an external script, when a SQL Server is behind."""

import pytest

from harness.scripts import script

# Has the interpreter run a batch, and no script.
INTERPRETED = "IF 1 = 0 EXEC sp_execute_external_script N'Python', N'';\n"


@pytest.fixture
def lines(front):
    """A session in whose database there are a table type and who takes it."""
    with front.connect() as session:
        for batch in (
            "CREATE TYPE dbo.Lines AS TABLE (n int NOT NULL, d decimal(9,2), t nvarchar(10))",
            "CREATE PROCEDURE plain @lines dbo.Lines READONLY, @least int = 0, @total int OUTPUT AS"
            " SELECT n, d, t FROM @lines WHERE n > @least ORDER BY n; SELECT @total = SUM(n) FROM @lines; RETURN 7",
            f"CREATE PROCEDURE scripted @lines Lines READONLY AS"
            f" {script('OutputDataSet = InputDataSet * 2', query='SELECT 1 AS n', clause='WITH RESULT SETS ((n int))')}"
            f" SELECT COUNT(*) AS lines FROM @lines; DECLARE @x int; EXEC plain @lines, DEFAULT, @x OUTPUT; SELECT @x AS x",
        ):
            session.run(batch).check()
        yield session
        session.run("IF @@TRANCOUNT > 0 ROLLBACK; DROP PROCEDURE plain, scripted; DROP TYPE Lines").check()


FILLED = "DECLARE @lines dbo.Lines; INSERT INTO @lines (n, t) VALUES (1, N'ä'), (2, NULL); UPDATE @lines SET d = 1.5 WHERE n = 1;"


def test_one_is_a_table_of_its_type(lines):
    for _ in range(2):
        outcome = lines.run(f"{INTERPRETED}{FILLED} SELECT n, d, t FROM @lines").check()
        assert [(n, str(d), t) for n, d, t in outcome.rows] == [(1, "1.5", "ä"), (2, "None", None)]
        assert outcome.only.types == ["int", "decimal(9,2)", "nvarchar(10)"]
    refused = lines.run(f"{INTERPRETED}DECLARE @l Lines; INSERT INTO @l (t) VALUES (N'x')")
    assert refused.numbers == [515]
    assert lines.run(f"{INTERPRETED}DECLARE @l dbo.Nothing; SELECT 1").numbers == [2715]
    left = "SELECT COUNT(*) FROM tempdb.sys.tables WHERE name LIKE N'#@l%'"
    assert lines.run(left).value == 0


def test_a_script_reads_one(lines):
    text = "OutputDataSet = InputDataSet"
    call = script(text, query="SELECT n FROM #copy", clause="WITH RESULT SETS ((n int))")
    outcome = lines.run(f"{FILLED} SELECT n INTO #copy FROM @lines; {call}").check()
    assert outcome.rows == [(1,), (2,)]


def test_the_servers_procedures_take_one(lines):
    outcome = lines.run(f"""{INTERPRETED}{FILLED}
DECLARE @sum int = 3, @rc int
EXEC @rc = plain @lines = @lines, @least = 1, @total = @sum OUTPUT
SELECT @rc AS rc, @sum AS sum
EXEC plain @lines, DEFAULT, @sum OUTPUT""").check()
    assert [only.rows for only in outcome.sets] == [[(2, None, None)], [(7, 3)], [(1, pytest.approx(1.5), "ä"), (2, None, None)]]
    # Without the tables' own rows.
    assert outcome.counts[-1] == 2


def test_procedures_with_scripts_take_one(lines):
    outcome = lines.run(f"{FILLED} EXEC scripted @lines").check()
    assert [only.rows for only in outcome.sets][:2] == [[(2,)], [(2,)]]
    assert outcome.sets[-1].rows == [(3,)]
    # Without an argument it is empty.
    outcome = lines.run("EXEC scripted").check()
    assert [only.rows for only in outcome.sets] == [[(2,)], [(0,)], [], [(None,)]]
    assert lines.run(f"{INTERPRETED}DECLARE @o TABLE (n int); EXEC scripted @o").numbers == [137]


def test_texts_take_one(lines):
    inner = f"{INTERPRETED}SELECT MAX(n) AS n FROM @x".replace("'", "''")
    outcome = lines.run(f"{FILLED} EXEC sp_executesql N'{inner}', N'@x dbo.Lines READONLY', @lines")
    assert outcome.value == 2
