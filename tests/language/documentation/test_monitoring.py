"""What the pages "Monitor SQL Server Machine Learning Services using dynamic management views" and
"Manage external scripts" run, and how what isn't there answers: native scoring, external libraries
and languages, resource pools."""

import pytest

from harness.docker import wait_until
from harness.scripts import ENDLESS, script

DATABASE = "monitored"

ACTIVE_SESSIONS = """
SELECT r.session_id, r.blocking_session_id, r.status, DB_NAME(s.database_id) AS database_name
    , s.login_name, r.wait_time, r.wait_type, r.last_wait_type, r.total_elapsed_time, r.cpu_time
    , r.reads, r.logical_reads, r.writes, er.language, er.degree_of_parallelism, er.external_user_name
FROM sys.dm_exec_requests AS r
INNER JOIN sys.dm_external_script_requests AS er
ON r.external_script_request_id = er.external_script_request_id
INNER JOIN sys.dm_exec_sessions AS s
ON s.session_id = r.session_id;
"""

STATISTICS = """
SELECT language, counter_name, counter_value
FROM sys.dm_external_script_execution_stats
WHERE counter_value > 0
ORDER BY language, counter_name;
"""

COUNTERS = """
SELECT counter_name, cntr_value
FROM sys.dm_os_performance_counters
WHERE object_name LIKE '%External Scripts%'
"""

SETTINGS = """
SELECT CAST(SERVERPROPERTY('IsAdvancedAnalyticsInstalled') AS INT) AS IsMLServicesInstalled
    , CAST(value_in_use AS INT) AS ExternalScriptsEnabled
    , COALESCE(SIGN(SUSER_ID(CONCAT (
                    CAST(SERVERPROPERTY('MachineName') AS NVARCHAR(128))
                    , '\\SQLRUserGroup'
                    , CAST(serverproperty('InstanceName') AS NVARCHAR(128))
                    ))), 0) AS ImpliedAuthenticationEnabled
    , COALESCE((
            SELECT CAST(r.value_data AS INT)
            FROM sys.dm_server_registry AS r
            WHERE r.registry_key LIKE 'HKLM\\Software\\Microsoft\\Microsoft SQL Server\\%\\SuperSocketNetLib\\Tcp'
            AND r.value_name = 'Enabled'
            ), - 1) AS IsTcpEnabled
FROM sys.configurations
WHERE name = 'external scripts enabled';
"""

MEMORY = """
SELECT physical_memory_kb, committed_kb
    , (SELECT SUM(peak_memory_kb)
        FROM sys.dm_resource_governor_external_resource_pools AS ep
        ) AS external_pool_peak_memory_kb
FROM sys.dm_os_sys_info;
"""

# There is no option for the server's own memory.
MEMORY_CONFIGURATION = """
SELECT 'SQL Server' AS name
    , CASE CAST(c.value AS BIGINT)
        WHEN 2147483647 THEN 100
        ELSE (SELECT CAST(c.value AS BIGINT) / (physical_memory_kb / 1024.0) * 100 FROM sys.dm_os_sys_info)
        END AS max_memory_percent
FROM sys.configurations AS c
WHERE c.name LIKE 'max server memory (MB)'
UNION ALL
SELECT CONCAT ('External Pool - ', ep.name) AS pool_name, ep.max_memory_percent
FROM sys.dm_resource_governor_external_resource_pools AS ep;
"""

RESOURCE_POOLS = """
SELECT CONCAT ('SQL Server - ', p.name) AS pool_name
    , p.total_cpu_usage_ms, p.read_io_completed_total, p.write_io_completed_total
FROM sys.dm_resource_governor_resource_pools AS p
UNION ALL
SELECT CONCAT ('External Pool - ', ep.name) AS pool_name
    , ep.total_cpu_user_ms, ep.read_io_count, ep.write_io_count
FROM sys.dm_resource_governor_external_resource_pools AS ep;
"""

# What each says isn't there.
REFUSED = {
    "CREATE EXTERNAL LIBRARY": "CREATE EXTERNAL LIBRARY [ggplot2] FROM (CONTENT = 0x504B) WITH (LANGUAGE = 'Python');",
    "ALTER EXTERNAL LIBRARY": "ALTER EXTERNAL LIBRARY customPackage SET (CONTENT = 'C:\\p.zip') WITH (LANGUAGE = 'R');",
    "DROP EXTERNAL LIBRARY": "DROP EXTERNAL LIBRARY customPackage;",
    "CREATE EXTERNAL LANGUAGE": "CREATE EXTERNAL LANGUAGE Java FROM (CONTENT = N'j.zip', FILE_NAME = 'javaextension.dll');",
    "PREDICT": """DECLARE @model varbinary(max) = (SELECT 0x01);
SELECT d.*, p.* FROM PREDICT(MODEL = @model, DATA = dbo.iris AS d) WITH (setosa_Pred float) AS p;""",
}


def test_active_sessions_are_shown(server, page):
    assert page.run(ACTIVE_SESSIONS).rows == []
    running = server.in_background(f"USE {DATABASE} {ENDLESS}")
    worker = server.wait_for_script()
    # The history is written beside the call, and the view reads it.
    (row,) = wait_until(lambda: page.run(ACTIVE_SESSIONS).rows, "the request in the view")
    _, blocking, status, database, login = row[:5]
    assert (blocking, status, database, login) == (0, "running", DATABASE, "sa")
    language, degree, account = row[-3:]
    assert (language, degree) == ("Python", 1) and account
    server.kill_worker(worker)
    assert running.result(timeout=120).numbers[0] in (39004, 39012)
    assert page.run(ACTIVE_SESSIONS).rows == []


def test_settings_and_counters_are_shown(page):
    assert page.run(SETTINGS).rows == [(1, 1, 0, 1)]
    assert page.run(STATISTICS).rows == []
    names = [name.rstrip() for name, _ in page.run(COUNTERS).rows]
    assert sorted(names) == [
        "Execution Errors", "Implied Auth. Logins", "Parallel Executions", "SQL CC Executions",
        "Streaming Executions", "Total Execution Time (ms)", "Total Executions",
    ]  # fmt: skip


def test_memory_and_pools_are_shown(page):
    page.run(script("x = bytearray(50_000_000)")).check()
    # The history is written beside the call, and the view reads it.
    (row,) = wait_until(lambda: [row for row in page.run(MEMORY).rows if row[2]], "the peak in the view")
    physical, committed, peak = row
    assert physical > committed > 10_000 and peak > 50_000
    assert page.run(MEMORY_CONFIGURATION).rows == [("External Pool - default", 100)]
    *own, (pool, processor_time, _, _) = page.run(RESOURCE_POOLS).rows
    assert [name for name, *_ in own] == ["SQL Server - internal", "SQL Server - default"]
    assert pool == "External Pool - default" and processor_time > 0


@pytest.mark.parametrize("construct", REFUSED)
def test_what_is_not_there_is_named(page, construct):
    outcome = page.run(f"\n{REFUSED[construct]}")
    assert outcome.numbers == [40517]
    assert outcome.errors[0].text.startswith(f"{construct} is not supported")


def test_procedures_that_are_not_there(page):
    # The page's PREDICT in a procedure, and its older sister.
    assert page.run("EXEC sp_rxPredict @model = 0x01, @inputData = N'SELECT 1'").numbers == [2812]
