"""Rows that lie in memory which controller and worker share, and those that are copied."""

import pytest

from harness.scripts import script

ROWS = 40_000
FILL = f"""
WITH numbers AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM numbers WHERE n < {ROWS})
SELECT CAST(n AS bigint) AS n, n * 0.5e0 AS x, NULLIF(CAST(n % 97 AS nvarchar(9)), N'7') AS t
INTO numbers FROM numbers OPTION (MAXRECURSION 0)
"""
SCRIPT = """
print("memfd:launchpod-input" in open("/proc/self/maps").read())
OutputDataSet = InputDataSet
"""
CLAUSE = "WITH RESULT SETS ((n bigint, x float, t nvarchar(9)))"


@pytest.mark.parametrize("setting", ["true", "false"])
def test_rows_are_the_same_either_way(make_server, setting):
    server = make_server("--shared-segments", setting)
    with server.connect() as session:
        session.run(FILL).check()
        query = "SELECT n, x, t FROM numbers ORDER BY n"
        outcome = session.run(script(SCRIPT, query=query, clause=CLAUSE)).check()
    assert outcome.printed().strip() == ("True" if setting == "true" else "False")
    expected = [
        (n, n / 2, None if n % 97 == 7 else str(n % 97)) for n in range(1, ROWS + 1)
    ]
    assert outcome.sets[0].rows == expected
