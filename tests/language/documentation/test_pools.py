"""The page "Create a resource pool for SQL Server Machine Learning Services", and the examples of
"CREATE EXTERNAL RESOURCE POOL" and its sisters."""

import pytest

from harness.docker import wait_until
from harness.scripts import script

DEFAULT_POOL = "SELECT * FROM sys.resource_governor_resource_pools WHERE name = 'default'"
DEFAULT_EXTERNAL_POOL = "SELECT * FROM sys.resource_governor_external_resource_pools WHERE name = 'default'"

# Each is a batch.
SET_UP = [
    'ALTER RESOURCE POOL "default" WITH (max_memory_percent = 60);',
    'ALTER EXTERNAL RESOURCE POOL "default" WITH (max_memory_percent = 40);',
    "ALTER RESOURCE GOVERNOR RECONFIGURE;",
    "CREATE EXTERNAL RESOURCE POOL ds_ep WITH (max_memory_percent = 40);",
    'CREATE WORKLOAD GROUP ds_wg WITH (importance = medium) USING "default", EXTERNAL "ds_ep";',
    """ALTER RESOURCE GOVERNOR WITH (classifier_function = NULL);
ALTER RESOURCE GOVERNOR RECONFIGURE;""",
    "USE master",
    """CREATE FUNCTION is_ds_apps()
RETURNS sysname
WITH schemabinding
AS
BEGIN
    IF program_name() in ('Microsoft R Host', 'RStudio', 'Mashup') RETURN 'ds_wg';
    RETURN 'default'
    END;""",
    """ALTER RESOURCE GOVERNOR WITH  (classifier_function = dbo.is_ds_apps);
ALTER RESOURCE GOVERNOR RECONFIGURE;""",
]

TAKE_DOWN = [
    "USE master",
    "ALTER RESOURCE GOVERNOR WITH (CLASSIFIER_FUNCTION = NULL)",
    "IF EXISTS (SELECT * FROM sys.resource_governor_workload_groups WHERE name = 'ds_wg') DROP WORKLOAD GROUP ds_wg",
    "IF EXISTS (SELECT * FROM sys.resource_governor_external_resource_pools WHERE name = 'ds_ep') "
    "DROP EXTERNAL RESOURCE POOL ds_ep",
    "ALTER RESOURCE POOL [default] WITH (MAX_MEMORY_PERCENT = 100)",
    "ALTER EXTERNAL RESOURCE POOL [default] WITH (MAX_MEMORY_PERCENT = 100)",
    "ALTER RESOURCE GOVERNOR RECONFIGURE",
    "DROP FUNCTION IF EXISTS dbo.is_ds_apps",
    "ALTER RESOURCE GOVERNOR DISABLE",
]


@pytest.fixture
def governed(sql):
    """A session whose server has what the page makes, and afterwards has not."""
    before = [sql.run(DEFAULT_POOL).rows, sql.run(DEFAULT_EXTERNAL_POOL).rows]
    assert before[0] == [(2, "default", 0, 100, 0, 100, 100, 0, 0)]
    # Here the pool limits nothing until it is altered.
    assert before[1][0][:5] == (2, "default", 100, 100, 0)
    try:
        for batch in SET_UP:
            sql.run(batch).check()
        yield sql
    finally:
        for batch in TAKE_DOWN:
            sql.run(batch).check()


def test_the_walk_through(server, governed):
    assert governed.run(DEFAULT_POOL).rows[0][5] == 60
    groups = governed.run("SELECT * FROM sys.resource_governor_workload_groups;").rows
    # As the page shows them, and what SQL Server 2019 has added.
    assert [row[:10] for row in groups] == [
        (1, "internal", "Medium", 25, 0, 0, 0, 0, 1, 2),
        (2, "default", "Medium", 25, 0, 0, 0, 0, 2, 2),
        (groups[2][0], "ds_wg", "Medium", 25, 0, 0, 0, 0, 2, groups[2][9]),
    ]
    assert min(groups[2][0], groups[2][9]) >= 256
    pools = governed.run("SELECT * FROM sys.resource_governor_external_resource_pools;").rows
    assert [row[1:5] for row in pools] == [("default", 100, 40, 0), ("ds_ep", 100, 40, 0)]
    assert governed.run("SELECT * FROM sys.resource_governor_external_resource_pool_affinity;").rows == []

    # What comes from such a client runs in the pool, and is counted there.
    processor_time = "SELECT total_cpu_user_ms FROM sys.dm_resource_governor_external_resource_pools WHERE name = 'ds_ep'"
    assert governed.run(processor_time).value == 0
    with server.connect(appname="RStudio") as session:
        session.run(script("print(sum(range(10_000_000)))")).check()
    wait_until(lambda: governed.run(processor_time).value > 0, "the pool's processor time")
    ran = "SELECT TOP (1) external_pool_name FROM sys.dm_external_script_request_history ORDER BY start_time DESC"
    assert governed.run(ran).value == "ds_ep"
    governed.run("ALTER RESOURCE GOVERNOR RESET STATISTICS;").check()
    assert governed.run(processor_time).value == 0
