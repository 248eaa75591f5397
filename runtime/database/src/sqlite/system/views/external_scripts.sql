CREATE VIEW sys.dm_external_script_requests AS
SELECT request_id AS external_script_request_id, CAST(language AS nvarchar(128)) AS language,
    workers AS degree_of_parallelism, CAST(account AS nvarchar(128)) AS external_user_name
FROM catalog.script_requests WHERE outcome IS NULL AND HAS_PERMS_BY_NAME(NULL, NULL, 'VIEW SERVER STATE') = 1
GO
CREATE VIEW sys.dm_external_script_execution_stats AS
SELECT CAST('' AS nvarchar(128)) AS language, CAST('' AS nvarchar(128)) AS counter_name,
    0 AS counter_value
WHERE 1 = 0
GO
CREATE VIEW sys.dm_os_performance_counters AS
SELECT CAST('SQLServer:External Scripts' AS nchar(128)) AS object_name,
    CAST(name AS nchar(128)) AS counter_name, CAST('' AS nchar(128)) AS instance_name,
    value AS cntr_value, 65792 AS cntr_type
FROM catalog.script_counters
GO
CREATE VIEW sys.dm_external_script_request_history AS
SELECT request_id AS external_script_request_id, login AS login_name, [database] AS database_name,
    language, script_hash, script, started AS start_time, ended AS end_time, outcome,
    error AS error_number, reason, account AS external_user_name, workers AS degree_of_parallelism,
    image_id, lock_hash, container AS container_name, admit_us, create_us, start_us, ready_us,
    input_us, script_us, output_us, rows_in, rows_out, bytes_in, bytes_out, cpu_us AS cpu_time_us,
    peak_memory AS peak_memory_bytes, outbound_allowed, outbound_refused,
    pool AS external_pool_name, outbound_sent AS outbound_bytes_sent,
    outbound_received AS outbound_bytes_received
FROM catalog.script_requests WHERE outcome IS NOT NULL AND HAS_PERMS_BY_NAME(NULL, NULL, 'VIEW SERVER STATE') = 1
