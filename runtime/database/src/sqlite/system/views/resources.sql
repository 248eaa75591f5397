CREATE VIEW sys.dm_os_sys_info AS
SELECT CAST(NULL AS bigint) AS cpu_ticks, uptime_ms AS ms_ticks, processors AS cpu_count,
    CAST(NULL AS int) AS hyperthread_ratio, memory_kb AS physical_memory_kb,
    CAST(137438953472 AS bigint) AS virtual_memory_kb, resident_kb AS committed_kb,
    memory_kb AS committed_target_kb, memory_kb AS visible_target_kb,
    CAST(NULL AS int) AS stack_size_in_bytes, CAST(NULL AS bigint) AS os_quantum,
    CAST(NULL AS int) AS os_error_mode, CAST(NULL AS int) AS os_priority_class,
    CAST(NULL AS int) AS max_workers_count, processors AS scheduler_count,
    processors AS scheduler_total_count, CAST(NULL AS int) AS deadlock_monitor_serial_number,
    started_ms AS sqlserver_start_time_ms_ticks, started AS sqlserver_start_time,
    2 AS affinity_type, CAST('AUTO' AS varchar(60)) AS affinity_type_desc,
    kernel_ms AS process_kernel_time_ms, user_ms AS process_user_time_ms,
    CAST(NULL AS int) AS time_source, CAST(NULL AS nvarchar(60)) AS time_source_desc,
    CAST(NULL AS int) AS virtual_machine_type,
    CAST(NULL AS nvarchar(60)) AS virtual_machine_type_desc, 0 AS softnuma_configuration,
    CAST('OFF' AS nvarchar(60)) AS softnuma_configuration_desc,
    CAST(NULL AS nvarchar(3072)) AS process_physical_affinity, 1 AS sql_memory_model,
    CAST('CONVENTIONAL' AS nvarchar(120)) AS sql_memory_model_desc,
    CAST(NULL AS int) AS socket_count, CAST(NULL AS int) AS cores_per_socket,
    CAST(NULL AS int) AS numa_node_count, CAST(NULL AS int) AS container_type,
    CAST(NULL AS nvarchar(60)) AS container_type_desc
FROM catalog.machine
GO
CREATE VIEW sys.dm_server_registry AS
SELECT
    CAST(N'HKLM\Software\Microsoft\Microsoft SQL Server\MSSQL16.MSSQLSERVER\MSSQLServer\SuperSocketNetLib\Tcp' AS nvarchar(256)) AS registry_key,
    CAST('Enabled' AS nvarchar(256)) AS value_name, 1 AS value_data
GO
CREATE VIEW sys.resource_governor_configuration AS
SELECT 0 AS classifier_function_id, CAST(0 AS bit) AS is_enabled,
    0 AS max_outstanding_io_per_volume
GO
CREATE VIEW sys.dm_resource_governor_configuration AS
SELECT 0 AS classifier_function_id, CAST(0 AS bit) AS is_reconfiguration_pending,
    0 AS max_outstanding_io_per_volume
GO
CREATE VIEW sys.resource_governor_external_resource_pools AS
SELECT 2 AS external_pool_id, CAST('default' AS sysname) AS name, 100 AS max_cpu_percent,
    100 AS max_memory_percent, 0 AS max_processes, CAST(1 AS bigint) AS version
GO
CREATE VIEW sys.dm_resource_governor_external_resource_pools AS
SELECT external_pool_id, name, 1 AS pool_version, max_cpu_percent, max_processes,
    max_memory_percent, started AS statistics_start_time,
    ISNULL((SELECT MAX(peak_memory) FROM catalog.script_requests r WHERE r.started >= m.started), 0)
        / 1024 AS peak_memory_kb,
    0 AS write_io_count, 0 AS read_io_count, CAST(0 AS bigint) AS total_cpu_kernel_ms,
    ISNULL((SELECT SUM(cpu_us) FROM catalog.script_requests r WHERE r.started >= m.started), 0)
        / 1000 AS total_cpu_user_ms,
    ISNULL((SELECT COUNT(*) FROM catalog.script_requests WHERE outcome IS NULL), 0)
        AS active_processes_count
FROM sys.resource_governor_external_resource_pools CROSS JOIN catalog.machine m
GO
CREATE VIEW sys.resource_governor_external_resource_pool_affinity AS
SELECT 0 AS external_pool_id, CAST(0 AS smallint) AS processor_group, CAST(0 AS bigint) AS cpu_mask
WHERE 1 = 0
GO
CREATE VIEW sys.dm_resource_governor_external_resource_pool_affinity AS
SELECT 0 AS external_pool_id, CAST(0 AS smallint) AS processor_group, CAST(0 AS bigint) AS cpu_mask
WHERE 1 = 0
GO
CREATE VIEW sys.resource_governor_resource_pools AS
SELECT 0 AS pool_id, CAST('' AS sysname) AS name, 0 AS min_cpu_percent, 0 AS max_cpu_percent,
    0 AS min_memory_percent, 0 AS max_memory_percent, 0 AS cap_cpu_percent,
    0 AS min_iops_per_volume, 0 AS max_iops_per_volume
WHERE 1 = 0
GO
CREATE VIEW sys.resource_governor_workload_groups AS
SELECT 0 AS group_id, CAST('' AS sysname) AS name, CAST('' AS sysname) AS importance,
    0 AS request_max_memory_grant_percent, 0 AS request_max_cpu_time_sec,
    0 AS request_memory_grant_timeout_sec, 0 AS max_dop, 0 AS group_max_requests, 0 AS pool_id,
    0 AS external_pool_id, CAST(0 AS float) AS request_max_memory_grant_percent_numeric
WHERE 1 = 0
GO
CREATE VIEW sys.dm_resource_governor_resource_pools AS
SELECT 0 AS pool_id, CAST('' AS sysname) AS name, CAST(NULL AS datetime) AS statistics_start_time,
    CAST(0 AS bigint) AS total_cpu_usage_ms, CAST(0 AS bigint) AS cache_memory_kb,
    CAST(0 AS bigint) AS compile_memory_kb, CAST(0 AS bigint) AS used_memgrant_kb,
    CAST(0 AS bigint) AS total_memgrant_count, CAST(0 AS bigint) AS total_memgrant_timeout_count,
    0 AS active_memgrant_count, CAST(0 AS bigint) AS active_memgrant_kb,
    0 AS memgrant_waiter_count, CAST(0 AS bigint) AS max_memory_kb,
    CAST(0 AS bigint) AS used_memory_kb, CAST(0 AS bigint) AS target_memory_kb,
    CAST(0 AS bigint) AS out_of_memory_count, 0 AS min_cpu_percent, 0 AS max_cpu_percent,
    0 AS min_memory_percent, 0 AS max_memory_percent, 0 AS cap_cpu_percent,
    0 AS min_iops_per_volume, 0 AS max_iops_per_volume, CAST(NULL AS int) AS read_io_queued_total,
    CAST(NULL AS int) AS read_io_issued_total, CAST(NULL AS int) AS read_io_completed_total,
    CAST(NULL AS int) AS read_io_throttled_total, CAST(NULL AS bigint) AS read_bytes_total,
    CAST(NULL AS bigint) AS read_io_stall_total_ms,
    CAST(NULL AS bigint) AS read_io_stall_queued_ms, CAST(NULL AS int) AS write_io_queued_total,
    CAST(NULL AS int) AS write_io_issued_total, CAST(NULL AS int) AS write_io_completed_total,
    CAST(NULL AS int) AS write_io_throttled_total, CAST(NULL AS bigint) AS write_bytes_total,
    CAST(NULL AS bigint) AS write_io_stall_total_ms,
    CAST(NULL AS bigint) AS write_io_stall_queued_ms,
    CAST(NULL AS int) AS io_issue_violations_total,
    CAST(NULL AS bigint) AS io_issue_delay_total_ms
WHERE 1 = 0
GO
CREATE VIEW sys.dm_resource_governor_workload_groups AS
SELECT 0 AS group_id, CAST('' AS sysname) AS name, 0 AS pool_id, 0 AS external_pool_id,
    CAST(NULL AS datetime) AS statistics_start_time, CAST(0 AS bigint) AS total_request_count,
    CAST(0 AS bigint) AS total_queued_request_count, 0 AS active_request_count,
    0 AS queued_request_count, CAST(0 AS bigint) AS total_cpu_limit_violation_count,
    CAST(0 AS bigint) AS total_cpu_usage_ms, CAST(0 AS bigint) AS max_request_cpu_time_ms,
    0 AS blocked_task_count, CAST(0 AS bigint) AS total_lock_wait_count,
    CAST(0 AS bigint) AS total_lock_wait_time_ms,
    CAST(0 AS bigint) AS total_query_optimization_count,
    CAST(0 AS bigint) AS total_suboptimal_plan_generation_count,
    CAST(0 AS bigint) AS total_reduced_memgrant_count,
    CAST(0 AS bigint) AS max_request_grant_memory_kb, 0 AS active_parallel_thread_count,
    CAST('' AS sysname) AS importance, 0 AS request_max_memory_grant_percent,
    0 AS request_max_cpu_time_sec, 0 AS request_memory_grant_timeout_sec, 0 AS group_max_requests,
    0 AS max_dop, 0 AS effective_max_dop
WHERE 1 = 0
GO
CREATE VIEW sys.external_languages AS
SELECT 0 AS external_language_id, CAST('' AS sysname) AS language,
    CAST(NULL AS datetime2(7)) AS create_date, CAST(NULL AS int) AS principal_id
WHERE 1 = 0
GO
CREATE VIEW sys.external_language_files AS
SELECT 0 AS external_language_id, CAST(NULL AS varbinary(max)) AS content,
    CAST(NULL AS nvarchar(266)) AS file_name, CAST(NULL AS tinyint) AS platform,
    CAST(NULL AS nvarchar(60)) AS platform_desc, CAST(NULL AS nvarchar(4000)) AS parameters,
    CAST(NULL AS nvarchar(4000)) AS environment_variables
WHERE 1 = 0
GO
CREATE VIEW sys.external_libraries AS
SELECT 0 AS external_library_id, CAST('' AS sysname) AS name, CAST(NULL AS int) AS principal_id,
    CAST(NULL AS sysname) AS language, CAST(NULL AS int) AS scope,
    CAST(NULL AS varchar(7)) AS scope_desc
WHERE 1 = 0
GO
CREATE VIEW sys.external_library_files AS
SELECT 0 AS external_library_id, CAST(NULL AS varbinary(max)) AS content,
    CAST(NULL AS tinyint) AS platform, CAST(NULL AS nvarchar(60)) AS platform_desc
WHERE 1 = 0
GO
CREATE VIEW sys.external_libraries_installed AS
SELECT 0 AS db_id, 0 AS principal_id, 0 AS language_id, 0 AS external_library_id,
    CAST('' AS nvarchar(260)) AS name, CAST(NULL AS uniqueidentifier) AS mdversion
WHERE 1 = 0
GO
CREATE VIEW sys.external_library_setup_errors AS
SELECT 0 AS db_id, 0 AS principal_id, 0 AS external_library_id, 0 AS error_code,
    CAST(NULL AS datetime2(7)) AS error_timestamp, CAST(NULL AS nvarchar(1024)) AS error_message
WHERE 1 = 0
