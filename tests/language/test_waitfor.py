"""WAITFOR."""


def test_a_delay_goes_by(sql):
    batch = "DECLARE @d char(12) = '00:00:00.300', @t datetime2 = SYSDATETIME()\nWAITFOR DELAY @d\n"
    assert sql.run(batch + "SELECT CASE WHEN DATEDIFF(ms, @t, SYSDATETIME()) >= 300 THEN 1 ELSE 0 END AS waited").value == 1


def test_a_time_of_day_comes(sql):
    batch = "DECLARE @t time = CAST(DATEADD(ms, 300, GETDATE()) AS time)\nWAITFOR TIME @t\nPRINT 'on'"
    assert sql.run(batch).check().texts(0) == ["on"]


def test_what_is_no_time_is_refused(sql):
    assert sql.run("WAITFOR DELAY 'soon'").numbers == [241]


def test_waiting_can_be_cancelled(sql):
    sql.begin("WAITFOR DELAY '23:00:00'").cancel()
    assert sql.run("SELECT 1 AS n").value == 1
